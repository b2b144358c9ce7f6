import { describe, expect, test } from "vitest";
import {
  type DatagramPeer,
  type DatagramServer,
  encodeReply,
  encodeRequest,
  type RequestHeader,
  type RunningRequest,
} from "@tallyline/request-reply";
import { bytes, loopbackPeer, newServer, remotePeer, seededBytes, text } from "./datagram-network.ts";

const id = "9f86d081884c7d65";

const idOf = (index: number): string => index.toString(16).padStart(16, "0");

/** A server with a handler that answers at once, and counts. */
class Bench {
  readonly server: DatagramServer;
  executions = 0;
  reply: (payload: string) => string | undefined = (payload) => `ran ${payload}`;

  constructor(options: Parameters<typeof newServer>[0] = {}) {
    this.server = newServer(options);
  }

  /** What comes back for a datagram, as text; undefined for silence. */
  ask(datagram: Uint8Array, peer: DatagramPeer = loopbackPeer, now = 10): string | undefined {
    const step = this.server.handle(datagram, peer, now);
    if (step.kind === "drop") return undefined;
    if (step.kind === "send") return text(step.datagram);
    this.executions++;
    const reply = this.reply(text(step.payload));
    const datagramBack = this.server.complete(step.request, reply === undefined ? undefined : bytes(reply), now);
    return datagramBack && text(datagramBack);
  }

  call(
    header: Partial<RequestHeader>,
    payload: string,
    peer: DatagramPeer = loopbackPeer,
    now = 10,
  ): string | undefined {
    return this.ask(encodeRequest({ id, ...header }, bytes(payload)), peer, now);
  }
}

describe("copies of a request", () => {
  test("join the one that runs: one execution, one reply (no. 42)", () => {
    const server = newServer();
    const datagram = encodeRequest({ id }, bytes("1 + 1"));
    const first = server.handle(datagram, loopbackPeer, 0);
    if (first.kind !== "run") throw new Error("not run");
    for (let copy = 1; copy <= 3; copy++) {
      expect(server.handle(datagram, loopbackPeer, copy)).toEqual({ kind: "drop", reason: "joined" });
    }
    expect(text(server.complete(first.request, bytes("2"), 100))).toBe(`!call/1 ${id}\n2`);
    expect(() => server.complete(first.request, bytes("2"), 100)).toThrow("already completed");
    expect(() => server.fail(first.request, 100)).toThrow("already completed");
    expect(server.inFlight).toBe(0);
  });

  test("get the same reply again as long as it is remembered (no. 42)", () => {
    const bench = new Bench();
    for (const now of [0, 1, 60, 59_999]) expect(bench.call({}, "x", loopbackPeer, now)).toBe(`!call/1 ${id}\nran x`);
    expect(bench.executions).toBe(1);
  });

  test("with other content under the same id are not answered and not run (no. 42, 56)", () => {
    const bench = new Bench();
    expect(bench.call({}, "x")).toBeDefined();
    expect(bench.call({}, "y")).toBeUndefined();
    expect(bench.executions).toBe(1);
  });

  test("from another address are another request", () => {
    const bench = new Bench();
    bench.call({}, "x");
    bench.call({}, "x", { ...loopbackPeer, key: "127.0.0.1:50001" });
    expect(bench.executions).toBe(2);
  });

  test("of a request without a reply get none either, and do not run it again", () => {
    const bench = new Bench();
    bench.reply = () => undefined;
    expect(bench.call({}, "x")).toBeUndefined();
    expect(bench.call({ ageMs: 5 }, "x")).toBeUndefined();
    expect(bench.executions).toBe(1);
  });

  test("of a request whose handler failed hear of the failure and do not run it again", () => {
    const server = newServer();
    const datagram = encodeRequest({ id }, bytes("x"));
    const step = server.handle(datagram, loopbackPeer, 0);
    if (step.kind !== "run") throw new Error("not run");
    expect(text(server.fail(step.request, 1))).toBe(`!call/1 ${id} refused=failed\n`);
    expect(server.handle(datagram, loopbackPeer, 2).kind).toBe("send");
  });
});

describe("copies of an idempotent request", () => {
  const datagram = encodeRequest({ id, isIdempotent: true }, bytes("x"));

  test("join the one that runs", () => {
    const server = newServer();
    expect(server.handle(datagram, loopbackPeer, 0).kind).toBe("run");
    expect(server.handle(datagram, loopbackPeer, 1)).toEqual({ kind: "drop", reason: "joined" });
  });

  test("join the one that runs also when other requests came between", () => {
    const server = newServer();
    const asked = (index: number, now: number) => {
      const step = server.handle(encodeRequest({ id: idOf(index), isIdempotent: true }, bytes("x")), loopbackPeer, now);
      return step.kind === "run" ? step.request : step;
    };
    const first = asked(1, 0);
    const second = asked(2, 1);
    expect(server.exchanges).toBe(2);
    for (const index of [1, 2]) expect(asked(index, 2)).toEqual({ kind: "drop", reason: "joined" });
    for (const request of [first, second]) server.complete(request as RunningRequest, bytes("y"), 4);
    expect(server.exchanges).toBe(0);
  });

  test("run again afterwards, and take no room in the memory", () => {
    const bench = new Bench();
    for (let copy = 1; copy <= 3; copy++) expect(bench.ask(datagram)).toBe(`!call/1 ${id}\nran x`);
    expect(bench.executions).toBe(3);
    expect(bench.server.exchanges).toBe(0);
  });
});

describe("a repeated request that may have been forgotten", () => {
  test("is refused after its lifetime, not run again (no. 43)", () => {
    const bench = new Bench();
    bench.call({}, "x", loopbackPeer, 10);
    bench.call({ id: idOf(1) }, "makes room", loopbackPeer, 70_000);
    expect(bench.call({ ageMs: 69_990 }, "x", loopbackPeer, 70_000)).toBe(`!call/1 ${id} refused=forgotten\n`);
    expect(bench.executions).toBe(2);
  });

  test("is refused after it had to make room, not run again (no. 43)", () => {
    const bench = new Bench({ limits: { maxExchanges: 4, maxInFlight: 4 } });
    bench.call({}, "x", loopbackPeer, 5000);
    for (let i = 1; i <= 4; i++) bench.call({ id: idOf(i) }, "y", loopbackPeer, 5000 + i);
    expect(bench.server.exchanges).toBe(4);
    expect(bench.call({ ageMs: 100 }, "x", loopbackPeer, 5100)).toBe(`!call/1 ${id} refused=forgotten\n`);
    expect(bench.executions).toBe(5);
  });

  test("is refused even as a first copy right after that: it may be a double that took its time", () => {
    const bench = new Bench({ limits: { maxExchanges: 4, maxInFlight: 4 } });
    for (let i = 1; i <= 5; i++) bench.call({ id: idOf(i) }, "y", loopbackPeer, 5000);
    expect(bench.call({ id: idOf(1) }, "y", loopbackPeer, 5900)).toBe(`!call/1 ${idOf(1)} refused=forgotten\n`);
    expect(bench.call({ id: idOf(6) }, "y", loopbackPeer, 6001)).toBe(`!call/1 ${idOf(6)}\nran y`);
  });

  test("runs if it was first sent after everything that was forgotten", () => {
    const bench = new Bench({ limits: { maxExchanges: 4, maxInFlight: 4 } });
    for (let i = 1; i <= 8; i++) bench.call({ id: idOf(i) }, "y", loopbackPeer, 5000 + i);
    expect(bench.call({ ageMs: 100 }, "x", loopbackPeer, 7000)).toBe(`!call/1 ${id}\nran x`);
  });

  test("is refused by a server that started after its first copy", () => {
    const bench = new Bench({ now: 1000 });
    expect(bench.call({ ageMs: 500 }, "x", loopbackPeer, 1200)).toBe(`!call/1 ${id} refused=forgotten\n`);
  });

  test("runs if it is idempotent", () => {
    const bench = new Bench({ now: 1000 });
    expect(bench.call({ ageMs: 500, isIdempotent: true }, "x", loopbackPeer, 1200)).toBe(`!call/1 ${id}\nran x`);
  });
});

describe("limits of the table", () => {
  test("running exchanges are never forgotten, completed ones make room, oldest first", () => {
    const server = newServer({ limits: { maxExchanges: 3, maxInFlight: 2 } });
    const datagrams = ["1", "2", "3", "4", "5"].map((digit) => encodeRequest({ id: digit.repeat(16) }, bytes("x")));
    const kinds: string[] = [];
    for (const [index, datagram] of datagrams.entries()) {
      const step = server.handle(datagram, loopbackPeer, index * 5000);
      kinds.push(step.kind);
      // The first one is slow.
      if (step.kind === "run" && index > 0) server.complete(step.request, bytes("done"), index * 5000);
    }
    expect(kinds).toEqual(["run", "run", "run", "run", "run"]);
    expect(server.exchanges).toBe(3);
    expect(server.handle(datagrams[0]!, loopbackPeer, 20_002)).toEqual({ kind: "drop", reason: "joined" });
    expect(server.handle(datagrams[4]!, loopbackPeer, 20_002).kind).toBe("send");
    expect(server.handle(datagrams[1]!, loopbackPeer, 20_002).kind).toBe("run");
  });

  test("one request too many at a time is refused, and stays refused when an older copy arrives later", () => {
    const server = newServer({ limits: { maxInFlight: 1 } });
    const running = server.handle(encodeRequest({ id: "1".repeat(16) }, bytes("slow")), loopbackPeer, 0);
    const refused = server.handle(encodeRequest({ id }, bytes("x")), loopbackPeer, 1);
    expect(refused.kind === "send" && text(refused.datagram)).toBe(`!call/1 ${id} refused=busy\n`);
    if (running.kind !== "run") throw new Error("not run");
    server.complete(running.request, bytes("done"), 2);
    const late = server.handle(encodeRequest({ id }, bytes("x")), loopbackPeer, 3);
    expect(late.kind === "send" && text(late.datagram)).toBe(`!call/1 ${id} refused=busy\n`);
    expect(server.handle(bytes("plain"), loopbackPeer, 4).kind).toBe("run");
    expect(server.handle(bytes("plain"), loopbackPeer, 4)).toEqual({ kind: "drop", reason: "busy" });
  });

  test("the bytes of remembered replies are bounded", () => {
    const bench = new Bench({ limits: { maxExchangeBytes: 10_000 } });
    bench.reply = () => "r".repeat(1000);
    for (let i = 0; i < 100; i++) bench.call({ id: i.toString(16).padStart(16, "0") }, "x");
    expect(bench.server.exchanges).toBeLessThanOrEqual(8);
  });

  test("a flood from forged addresses leaves a table of the size that was asked for, and no timer (no. 57)", () => {
    const bench = new Bench({ limits: { maxExchanges: 500, maxInFlight: 100 } });
    const random = seededBytes(3);
    for (let i = 0; i < 20_000; i++) {
      bench.call(
        { id: Buffer.from(random(8)).toString("hex") },
        "x",
        { ...remotePeer, key: `192.0.2.${i}:1` },
        i / 100,
      );
    }
    expect(bench.server.exchanges).toBe(500);
    expect(bench.server.inFlight).toBe(0);
  });
});

describe("amplification: an address that is not validated", () => {
  // `?call/1 <id>␊x` has 26 bytes: the reply may have 3 * (26 + 28) - 28 = 134, of which 25 are the header.
  test("gets at most three times its bytes, counted with 28 bytes of headers each (no. 47)", () => {
    for (const [payloadBytes, isWhole] of [
      [109, true],
      [110, false],
    ] as const) {
      const bench = new Bench();
      bench.reply = () => "r".repeat(payloadBytes);
      const reply = bench.call({}, "x", remotePeer);
      expect(reply?.startsWith(`!call/1 ${id} cookie=`)).toBe(!isWhole);
    }
  });

  test("gets the whole reply for a cookie, without another execution (no. 47)", () => {
    const bench = new Bench();
    bench.reply = () => "r".repeat(1000);
    const cookie = /cookie=([0-9a-f]{16})\n$/.exec(bench.call({}, "x", remotePeer)!)![1]!;
    expect(bench.call({ cookie, ageMs: 30 }, "x", remotePeer)).toBe(`!call/1 ${id}\n${"r".repeat(1000)}`);
    expect(bench.executions).toBe(1);
  });

  test("has its cookie accepted across one change of keys, and not across two (no. 47)", () => {
    const keyMs = 1_800_000;
    for (const [now, isAccepted] of [
      [1, true],
      [keyMs - 1, true],
      [keyMs + 1, true],
      [2 * keyMs - 1, true],
      [2 * keyMs + 1, false],
      [4 * keyMs, false],
    ] as const) {
      const bench = new Bench();
      bench.reply = () => "r".repeat(1000);
      const cookie = /cookie=([0-9a-f]{16})\n$/.exec(bench.call({}, "x", remotePeer, 0)!)![1]!;
      // Time passes with traffic, so that keys change when they should.
      for (let at = 0; at < now; at += keyMs / 4) bench.call({ id: "0".repeat(16) }, "y", remotePeer, at);
      const reply = bench.call({ id: "1".repeat(16), cookie }, "x", remotePeer, now);
      expect(reply?.includes("cookie="), `after ${now} ms`).toBe(!isAccepted);
    }
  });

  test("gets nothing more for a forged cookie or another address's (no. 47)", () => {
    const bench = new Bench();
    bench.reply = () => "r".repeat(1000);
    const cookie = /cookie=([0-9a-f]{16})\n$/.exec(bench.call({}, "x", remotePeer)!)![1]!;
    const other = { ...remotePeer, key: "192.0.2.8:50000" };
    expect(bench.call({ cookie }, "x", other)).toMatch(/ cookie=/);
    expect(bench.call({ cookie: "0123456789abcdef" }, "x", remotePeer)).toMatch(/ cookie=/);
  });

  test("never gets more than three times its bytes, over any sequence of datagrams (no. 47)", () => {
    const bench = new Bench();
    const random = seededBytes(4);
    const pick = (count: number): number => random(1)[0]! % count;
    bench.reply = () => (pick(8) === 0 ? undefined : "r".repeat(random(1)[0]! * 8));
    for (let i = 0; i < 5000; i++) {
      const header = { id: `${pick(10)}`.repeat(16), ageMs: pick(3), isIdempotent: pick(2) === 0 };
      const payload = "x".repeat(random(1)[0]!);
      const datagram = pick(4) === 0 ? bytes(payload) : encodeRequest(header, bytes(payload));
      const reply = bench.ask(datagram, remotePeer, i);
      expect(bytes(reply ?? "").length + 28).toBeLessThanOrEqual(3 * (datagram.length + 28));
    }
  });

  test("gets a short error for a plain datagram whose reply is beyond that; loopback gets it whole", () => {
    const bench = new Bench();
    bench.reply = () => "r".repeat(200);
    expect(bench.ask(bytes("2**600"), remotePeer)).toBe("Error: too large for a datagram without a header");
    expect(bench.ask(bytes("2**600"), loopbackPeer)).toBe("r".repeat(200));
    expect(bench.ask(bytes(""), remotePeer)).toBe("Error: too large for a datagram without a header");
  });

  test("is never answered at all beyond that in plain mode, where no error has a form", () => {
    const bench = new Bench({ mode: "plain" });
    bench.reply = (payload) => payload.repeat(4);
    expect(bench.ask(bytes("x".repeat(100)), remotePeer)).toBeUndefined();
    expect(bench.ask(bytes("x".repeat(100)), loopbackPeer)).toBe("x".repeat(400));
  });
});

describe("sizes", () => {
  test("a datagram of the limit is run, one byte more is refused (no. 48)", () => {
    const bench = new Bench();
    bench.reply = () => "ok";
    expect(bench.call({}, "x".repeat(1231 - 25))).toBe(`!call/1 ${id}\nok`);
    expect(bench.call({ id: "1".repeat(16) }, "x".repeat(1232 - 25))).toMatch(/\nok$/);
    expect(bench.call({ id: "2".repeat(16) }, "x".repeat(1233 - 25))).toBe(
      `!call/1 ${"2".repeat(16)} refused=too-large\n`,
    );
    expect(bench.ask(bytes("x".repeat(1233)))).toBe("Error: too large for a datagram without a header");
    expect(new Bench({ mode: "plain" }).ask(bytes("x".repeat(1233)))).toBeUndefined();
  });

  test("a reply of the limit is whole, one byte more is truncated to nothing and says so (no. 48)", () => {
    for (const [replyBytes, isWhole] of [
      [1206, true],
      [1207, true],
      [1208, false],
    ] as const) {
      const bench = new Bench();
      bench.reply = () => "r".repeat(replyBytes);
      expect(bench.call({}, "x")).toBe(
        isWhole ? `!call/1 ${id}\n${"r".repeat(replyBytes)}` : `!call/1 ${id} truncated\n`,
      );
    }
  });
});

describe("a reply that is text", () => {
  const replyOf = (datagram: Uint8Array, reply: string, options: Parameters<typeof newServer>[0] = {}) => {
    const server = newServer(options);
    const step = server.handle(datagram, loopbackPeer, 0);
    if (step.kind !== "run") throw new Error("not run");
    return text(server.complete(step.request, reply, 1));
  };
  const call = encodeRequest({ id }, bytes("x"));

  test.each(["", "Result: 46", "naïve café", "€".repeat(300), "r".repeat(1200)])("is sent as UTF-8: %j", (reply) => {
    expect(replyOf(call, reply)).toBe(`!call/1 ${id}\n${reply}`);
    expect(replyOf(bytes("x"), reply)).toBe(reply);
  });

  test("has its limit in bytes, not in characters", () => {
    expect(replyOf(call, "é".repeat(604))).toBe(`!call/1 ${id} truncated\n`);
    expect(replyOf(bytes("x"), "é".repeat(617))).toBe("Error: too large for a datagram without a header");
  });
});

test("memory from a pool is for replies that are not remembered: they would keep the pool alive", () => {
  const allocated: number[] = [];
  const allocate = (count: number) => {
    allocated.push(count);
    return new Uint8Array(count);
  };
  const bench = new Bench({ allocate });
  bench.call({}, "remembered");
  expect(allocated).toEqual([]);
  bench.call({ id: idOf(2), isIdempotent: true }, "x");
  expect(allocated).toEqual([25 + "ran x".length]);
});

describe("what is never answered", () => {
  test("replies: two servers that are fed each other's replies stay silent (no. 46)", () => {
    const [a, b] = [new Bench(), new Bench()];
    for (const header of [
      { id },
      { id, isTruncated: true },
      { id, cookie: "0".repeat(16) },
      { id, refusal: "busy" as const },
    ]) {
      expect(b.ask(encodeReply(header, bytes("Result: 2")))).toBeUndefined();
    }
    const reply = a.call({}, "1 + 1");
    expect(b.ask(bytes(reply!))).toBeUndefined();
    expect(b.executions).toBe(0);
  });

  test("plain datagrams from ports where something might answer the answer (no. 46)", () => {
    const chargen = { key: "192.0.2.7:19", isValidated: false, isPlainIgnored: true };
    const bench = new Bench();
    expect(bench.ask(bytes("1 + 1"), chargen)).toBeUndefined();
    expect(bench.ask(bytes("x".repeat(2000)), chargen)).toBeUndefined();
    expect(bench.call({}, "1 + 1", chargen)).toBeDefined();
  });

  test("malformed headers", () => {
    expect(new Bench().ask(bytes(`?call/1 ${id} huh\n1`))).toBeUndefined();
  });
});

test("a draining server refuses what is new, finishes what runs and repeats what is done (no. 55)", () => {
  const bench = new Bench();
  const running = bench.server.handle(encodeRequest({ id: "1".repeat(16) }, bytes("slow")), loopbackPeer, 0);
  bench.call({}, "x");
  bench.server.drain();
  expect(bench.call({}, "x")).toBe(`!call/1 ${id}\nran x`);
  expect(bench.call({ id: "2".repeat(16) }, "new")).toBe(`!call/1 ${"2".repeat(16)} refused=draining\n`);
  expect(bench.ask(bytes("plain"))).toBeUndefined();
  if (running.kind !== "run") throw new Error("not run");
  expect(text(bench.server.complete(running.request, bytes("done"), 20))).toMatch(/\ndone$/);
});

test("options that make no sense are refused with their name (no. 58)", () => {
  expect(() => newServer({ limits: { maxInFlight: Number.NaN } })).toThrow("limits.maxInFlight is NaN");
  expect(() => newServer({ limits: { maxExchanges: -1 } })).toThrow("limits.maxExchanges is -1");
  expect(() => newServer({ timeouts: { exchangeLifetimeMs: Infinity } })).toThrow(
    "timeouts.exchangeLifetimeMs is Infinity",
  );
  expect(() => newServer({ limits: { maxExchanges: 10, maxInFlight: 20 } })).toThrow(
    "must be at least limits.maxInFlight (20)",
  );
  expect(() => newServer({ limits: { typo: 1 } as never })).toThrow("unknown option limits.typo");
  expect(() => newServer({ mode: "loud" as never })).toThrow('mode is "calls" or "plain", not loud');
  expect(() => newServer({ plainTooLarge: new Uint8Array(57) })).toThrow("plainTooLarge is 57 bytes, limit is 56");
});
