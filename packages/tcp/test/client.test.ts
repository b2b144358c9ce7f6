import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { lengthPrefixed, lines, map } from "@tallyline/framing";
import { createTcpClient, createTcpServer, type TcpClient, TransportError } from "@tallyline/tcp";
import { describe, expect, test, vi } from "vitest";
import { gate, holdUpFor, isFull, rawServer, readsResetAsEnd, stillTime, turns, until, upperCase } from "./peers.ts";

const codec = lines();

function clientOf(server: { readonly port: number }, more: object = {}): TcpClient<string, string> {
  return createTcpClient<string, string>({ codec, port: server.port, ...more });
}

/** What a call came to: its reply, or the code and delivery of its failure. */
async function outcomeOf(call: Promise<string>): Promise<string> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return `${error.code} ${error.delivery}`;
  }
}

describe("calls", () => {
  test("are answered in order, over one connection", async () => {
    await using server = await createTcpServer({ codec, handler: upperCase });
    await using client = clientOf(server);
    const calls = Array.from({ length: 500 }, (_, i) => client.request(`call ${i}`));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, (_, i) => `CALL ${i}`));
    expect(client.stats()).toMatchObject({ connects: 1, inFlight: 0, waiting: 0 });
    expect(server.stats().accepted).toBe(1);
  });

  test("of one turn leave in one write", async () => {
    const reads: string[] = [];
    await using server = await rawServer((socket) => {
      socket.on("data", (bytes) => {
        reads.push(bytes.toString());
        socket.write("1\n2\n3\n");
      });
    });
    await using client = clientOf(server);
    await Promise.all([client.request("a"), client.request("b"), client.request("c")]);
    expect(reads).toEqual(["a\nb\nc\n"]);
  });

  test("work with frames of bytes too", async () => {
    const frames = lengthPrefixed({ prefixBytes: 2 });
    await using server = await createTcpServer({ codec: frames, handler: (bytes: Uint8Array) => bytes.toReversed() });
    await using client = createTcpClient<Uint8Array, Uint8Array>({ codec: frames, port: server.port });
    const replies = await Promise.all([client.request(Uint8Array.of(1, 2)), client.request(Uint8Array.of(3, 4))]);
    expect(replies.map((bytes) => [...bytes])).toEqual([
      [2, 1],
      [4, 3],
    ]);
  });

  test("with ids are paired by id, whatever the order of the replies", async () => {
    interface Message {
      readonly id: number;
      readonly text: string;
    }
    const messages = map(lines(), {
      decode: (line): Message => ({ id: Number.parseInt(line, 10), text: line.slice(line.indexOf(" ") + 1) }),
      encode: ({ id, text }: Message) => `${id} ${text}`,
    });
    const slow = gate();
    await using server = await createTcpServer({
      codec: messages,
      replyOrder: "completion",
      handler: async ({ id, text }: Message) => {
        if (text === "slow") await slow.opened;
        return { id, text: text.toUpperCase() };
      },
    });
    const idOf = ({ id }: Message): number => id;
    const ids = { ofRequest: idOf, ofReply: idOf };
    await using client = createTcpClient<Message, Message>({ codec: messages, port: server.port, ids });
    const first = client.request({ id: 1, text: "slow" });
    expect(await client.request({ id: 2, text: "fast" })).toEqual({ id: 2, text: "FAST" });
    slow.open();
    expect(await first).toEqual({ id: 1, text: "SLOW" });
  });

  test("wait while the connection has as many as it may, and go out as replies come", async () => {
    await using server = await rawServer(() => {});
    await using client = clientOf(server, { limits: { maxInFlight: 2 } });
    const calls = ["a", "b", "c"].map((name) => client.request(name));
    await server.whenReceived("b\n");
    expect(client.stats()).toMatchObject({ inFlight: 2, waiting: 1 });
    server.sockets[0]!.write("A\n");
    await server.whenReceived("c\n");
    server.sockets[0]!.write("B\nC\n");
    expect(await Promise.all(calls)).toEqual(["A", "B", "C"]);
  });

  test("beyond the queue are refused at once", async () => {
    await using server = await rawServer(() => {});
    await using client = clientOf(server, { limits: { maxWaiting: 2, maxInFlight: 1 } });
    const calls = ["a", "b", "c"].map((name) => outcomeOf(client.request(name)));
    expect(await calls[2]).toBe("QUEUE_FULL not-sent");
    await client.close();
    expect(await Promise.all(calls)).toEqual([
      "CLIENT_CLOSED not-sent",
      "CLIENT_CLOSED not-sent",
      "QUEUE_FULL not-sent",
    ]);
  });

  test("that cannot be framed are refused before a byte is written, and the others are in order", async () => {
    await using server = await createTcpServer({ codec, handler: upperCase });
    await using client = clientOf(server);
    const outcomes = ["a", "b\nwithdraw 1000", "c\r", "\uD800", "x".repeat(70_000), "d"].map((line) =>
      outcomeOf(client.request(line)),
    );
    const refused = "ENCODE_FAILED not-sent";
    expect(await Promise.all(outcomes)).toEqual(["A", refused, refused, refused, refused, "D"]);
  });
});

describe("a connection that is lost leaves no call unsettled, and says whether it may have been executed:", () => {
  const deadlineMs = 20_000;
  type Point = readonly [name: string, serve: (socket: Socket, index: number) => void, expected: string | RegExp];
  const onLine = (socket: Socket, act: () => void): void => void socket.once("data", act);
  const points: Point[] = [
    ["closed as soon as it was accepted", (socket) => socket.destroy(), "CONNECTION_CLOSED unknown"],
    [
      "reset as soon as it was accepted",
      (socket) => socket.resetAndDestroy(),
      /^CONNECTION_CLOSED unknown$|^CONNECT_FAILED not-sent$/,
    ],
    ["ended before the request was read", (socket) => socket.end(), "CONNECTION_CLOSED unknown"],
    ["ended after the request", (socket) => onLine(socket, () => socket.end()), "CONNECTION_CLOSED unknown"],
    ["closed after the request", (socket) => onLine(socket, () => socket.destroy()), "CONNECTION_CLOSED unknown"],
    [
      "reset after the request",
      (socket) => onLine(socket, () => socket.resetAndDestroy()),
      "CONNECTION_CLOSED unknown",
    ],
    ["ended inside the reply", (socket) => onLine(socket, () => socket.end("half a rep")), "BAD_REPLY unknown"],
    [
      "reset inside the reply",
      (socket) => onLine(socket, () => socket.write("half a rep", () => socket.resetAndDestroy())),
      readsResetAsEnd ? "BAD_REPLY unknown" : "CONNECTION_CLOSED unknown",
    ],
    ["ended right behind the reply", (socket) => onLine(socket, () => socket.end("whole\n")), "whole"],
    [
      "a reply that is not text",
      (socket) => onLine(socket, () => socket.write(Buffer.of(0xff, 0x0a))),
      "BAD_REPLY answered",
    ],
  ];
  test.each(points)("%s", async (_, serve, expected) => {
    await using server = await rawServer(serve);
    await using client = clientOf(server);
    expect(await outcomeOf(client.request("withdraw 1", { deadlineMs }))).toEqual(expect.stringMatching(expected));
    expect(client.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
    // Not one of them was sent twice.
    expect(server.received().split("withdraw").length - 1).toBeLessThanOrEqual(1);
  });

  test("nobody listens", async () => {
    const gone = await createTcpServer({ codec, handler: upperCase });
    await gone.drain();
    await using client = clientOf(gone);
    expect(await outcomeOf(client.request("a"))).toBe("CONNECT_FAILED not-sent");
  });

  test("between two replies", async () => {
    await using server = await rawServer((socket) => onLine(socket, () => socket.end("first\n")));
    await using client = clientOf(server);
    const calls = [outcomeOf(client.request("a")), outcomeOf(client.request("b"))];
    expect(await Promise.all(calls)).toEqual(["first", "CONNECTION_CLOSED unknown"]);
  });

  test("while a request is half written", async () => {
    await using server = await rawServer((socket) => socket.pause());
    await using client = createTcpClient<string, string>({
      codec: lines({ maxWrittenLineBytes: 2 ** 24 }),
      port: server.port,
      limits: { maxWaitingBytes: 2 ** 25 },
    });
    const call = outcomeOf(client.request("x".repeat(2 ** 24)));
    await until(() => server.sockets.length === 1);
    server.sockets[0]!.resetAndDestroy();
    expect(await call).toBe("CONNECTION_CLOSED unknown");
  });

  test("while others still wait: those are sent on the next connection", async () => {
    await using server = await rawServer((socket, index) => {
      if (index === 0) onLine(socket, () => socket.destroy());
      else onLine(socket, () => socket.write("B\n"));
    });
    await using client = clientOf(server, { limits: { maxInFlight: 1 }, timeouts: { minReconnectMs: 1 } });
    const calls = [outcomeOf(client.request("a")), outcomeOf(client.request("b"))];
    expect(await Promise.all(calls)).toEqual(["CONNECTION_CLOSED unknown", "B"]);
  });

  test("during the drain of the server", async () => {
    const server = await createTcpServer({ codec, handler: () => new Promise<string>(() => {}) });
    await using client = clientOf(server);
    const call = outcomeOf(client.request("a"));
    await until(() => server.stats().inFlight === 1);
    await server.drain({ deadlineMs: 10 });
    expect(await call).toBe("CONNECTION_CLOSED unknown");
  });

  test("by the client's own close, in every state", async () => {
    await using server = await rawServer(() => {});
    const untouched = clientOf(server);
    await untouched.close();
    expect(await outcomeOf(untouched.request("a"))).toBe("CLIENT_CLOSED not-sent");

    const connecting = clientOf(server);
    const early = outcomeOf(connecting.request("a"));
    await connecting.close();
    expect(await early).toBe("CLIENT_CLOSED not-sent");

    const calling = clientOf(server);
    const call = outcomeOf(calling.request("a"));
    await server.whenReceived("a\n");
    await Promise.all([calling.close(), calling.close()]);
    expect(await call).toBe("CLIENT_CLOSED unknown");
  });
});

describe("idempotent calls", () => {
  test("are sent again on another connection, the others are not", async () => {
    const executions = new Map<string, number>();
    await using server = await rawServer((socket, index) => {
      socket.on("data", (bytes) => {
        for (const line of bytes.toString().trim().split("\n")) executions.set(line, (executions.get(line) ?? 0) + 1);
        if (index === 0) socket.destroy();
        else socket.write("done\n");
      });
    });
    await using client = clientOf(server, { timeouts: { minReconnectMs: 1 } });
    const calls = [
      outcomeOf(client.request("withdraw")),
      outcomeOf(client.request("balance", { idempotent: true })),
      outcomeOf(client.request("deposit")),
    ];
    expect(await Promise.all(calls)).toEqual(["CONNECTION_CLOSED unknown", "done", "CONNECTION_CLOSED unknown"]);
    expect(Object.fromEntries(executions)).toEqual({ withdraw: 1, balance: 2, deposit: 1 });
  });

  test("get the reply of their own connection: what the old one began is not part of it", async () => {
    await using server = await rawServer((socket, index) => {
      socket.once("data", () => {
        if (index === 0) socket.write("Balance: 99", () => socket.destroy());
        else socket.write("Balance: 1\n");
      });
    });
    await using client = clientOf(server, { timeouts: { minReconnectMs: 1 } });
    expect(await client.request("balance", { idempotent: true })).toBe("Balance: 1");
    expect(client.stats().connects).toBe(2);
  });

  test("are not sent for ever", async () => {
    await using server = await rawServer((socket) => socket.once("data", () => socket.destroy()));
    await using client = clientOf(server, { timeouts: { minReconnectMs: 1 } });
    expect(await outcomeOf(client.request("balance", { idempotent: true }))).toBe("CONNECTION_CLOSED unknown");
    expect(server.received()).toBe("balance\n".repeat(3));
  });

  test("survive that the server closed an idle connection, others are never executed twice", async () => {
    const executions = new Map<string, number>();
    await using server = await rawServer((socket) => {
      socket.on("data", (bytes) => {
        const line = bytes.toString().trim();
        executions.set(line, (executions.get(line) ?? 0) + 1);
        socket.write(bytes);
      });
    });
    const outcomes = new Set<string>();
    for (let round = 0; round < (isFull ? 1_000 : 50); round += 1) {
      await using client = clientOf(server, { timeouts: { minReconnectMs: 1 } });
      await client.request("hello");
      const socket = server.sockets.at(-1)!;
      // The request and the end of the connection meet at every offset. One in two is idempotent.
      const offset = (round % 9) - 4;
      const ended = turns(offset).then(() => socket.end());
      await turns(-offset);
      if (round % 2 === 0) {
        expect(await client.request(`balance ${round}`, { idempotent: true })).toBe(`balance ${round}`);
      } else {
        const outcome = await outcomeOf(client.request(`withdraw ${round}`));
        outcomes.add(outcome === `withdraw ${round}` ? "its reply" : outcome);
      }
      await ended;
    }
    outcomes.delete("its reply");
    outcomes.delete("CONNECTION_CLOSED unknown");
    expect([...outcomes]).toEqual([]);
    const withdrawals = [...executions].filter(([line]) => line.startsWith("withdraw"));
    expect(withdrawals.filter(([, count]) => count !== 1)).toEqual([]);
  });
});

test("a call after the server closed the idle connection goes over another, and is not lost with it", async () => {
  await using server = await rawServer((socket) => socket.on("data", (bytes) => socket.write(bytes)));
  await using client = clientOf(server);
  await client.request("hello");
  await holdUpFor(2);
  // The client cannot have heard of it yet.
  server.sockets[0]!.destroy();
  expect(await client.request("withdraw")).toBe("withdraw");
  expect(client.stats().connects).toBe(2);
});

describe("deadlines", () => {
  test("hold when the server accepts and is silent", async () => {
    await using server = await rawServer(() => {});
    await using client = clientOf(server);
    using time = stillTime();
    const outcomes: string[] = [];
    const call = outcomeOf(client.request("a", { deadlineMs: 40 })).then((outcome) => outcomes.push(outcome));
    await server.whenReceived("a\n");
    time.pass(39);
    await turns(5);
    expect(outcomes).toEqual([]);
    time.pass(1);
    await call;
    expect(outcomes).toEqual(["DEADLINE_EXCEEDED unknown"]);
  });

  test("count the time in the queue, and what expires there is never sent", async () => {
    await using server = await rawServer(() => {});
    await using client = clientOf(server, { limits: { maxInFlight: 1 } });
    using time = stillTime();
    const first = outcomeOf(client.request("first", { deadlineMs: 60 }));
    const queued = outcomeOf(client.request("queued", { deadlineMs: 20 }));
    await server.whenReceived("first\n");
    time.pass(20);
    expect(await queued).toBe("DEADLINE_EXCEEDED not-sent");
    time.pass(40);
    expect(await first).toBe("DEADLINE_EXCEEDED unknown");
    expect(server.received()).toBe("first\n");
  });

  test("count the time of connecting", async () => {
    // Nobody accepts: the listener's queue is full of connections that wait.
    await using server = await rawServer((socket) => socket.pause());
    await using client = clientOf(server, { tls: {}, timeouts: { connectMs: 5_000 } });
    expect(await outcomeOf(client.request("a", { deadlineMs: 40 }))).toBe("DEADLINE_EXCEEDED not-sent");
  });

  test("passed by a call in flight do not give its late reply to the next call", async () => {
    await using server = await rawServer(() => {});
    await using client = clientOf(server);
    using time = stillTime();
    const late = outcomeOf(client.request("late", { deadlineMs: 20 }));
    const next = client.request("next");
    await server.whenReceived("late\nnext\n");
    time.pass(20);
    expect(await late).toBe("DEADLINE_EXCEEDED unknown");
    server.sockets[0]!.write("LATE\nNEXT\n");
    expect(await next).toBe("NEXT");
    expect(client.stats().lateReplies).toBe(1);
  });

  test("passed by all calls in flight give up the connection, because it may be dead", async () => {
    await using server = await rawServer((socket, index) => {
      if (index > 0) socket.on("data", () => socket.write("alive\n"));
    });
    await using client = clientOf(server);
    using time = stillTime();
    const call = outcomeOf(client.request("a", { deadlineMs: 20 }));
    await server.whenReceived("a\n");
    time.pass(20);
    expect(await call).toBe("DEADLINE_EXCEEDED unknown");
    expect(await client.request("b")).toBe("alive");
    expect(client.stats().connects).toBe(2);
  });

  test("random cancels and deadlines never swap replies", async () => {
    const delays = new Set<() => void>();
    await using server = await createTcpServer({
      codec,
      handler: (line: string) => new Promise<string>((resolve) => delays.add(() => resolve(line))),
    });
    await using client = clientOf(server);
    let seed = 12_345;
    // The low bits of such a generator are not random at all.
    const random = (below: number): number => ((seed = (seed * 48_271) % 2_147_483_647) >> 8) % below;
    const calls: Promise<string>[] = [];
    const answer = setInterval(() => {
      for (const settle of delays) {
        if (random(2) === 0) continue;
        delays.delete(settle);
        settle();
      }
    }, 1);
    for (let i = 0; i < 600; i += 1) {
      const controller = new AbortController();
      calls.push(
        client.request(`${i}`, { signal: controller.signal, deadlineMs: 1 + random(400) }).then(
          (reply) => (reply === `${i}` ? "own" : `swapped ${i} ${reply}`),
          (error: TransportError) => error.code,
        ),
      );
      if (random(3) === 0) setTimeout(() => controller.abort(), random(10));
      if (i % 20 === 0) await new Promise(setImmediate);
    }
    const outcomes = new Set(await Promise.all(calls));
    clearInterval(answer);
    for (const settle of delays) settle();
    outcomes.delete("ABORTED");
    outcomes.delete("DEADLINE_EXCEEDED");
    expect([...outcomes]).toEqual(["own"]);
  });
});

test("a clock that is set while a call is under way changes nothing", async () => {
  await using server = await rawServer(() => {});
  await using client = clientOf(server);
  const call = client.request("a", { deadlineMs: 1_000 });
  await server.whenReceived("a\n");
  for (const jumpMs of [3_600_000, -7_200_000]) {
    vi.setSystemTime(Date.now() + jumpMs);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  }
  vi.useRealTimers();
  server.sockets[0]!.write("A\n");
  expect(await call).toBe("A");
});

describe("signals", () => {
  test("abort before, while waiting, and in flight; the reason is kept", async () => {
    await using server = await rawServer(() => {});
    await using client = clientOf(server, { limits: { maxInFlight: 1 } });
    const reason = new Error("the user left");
    await expect(client.request("a", { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: "ABORTED",
      delivery: "not-sent",
      cause: reason,
    });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [
      outcomeOf(client.request("in flight", { signal })),
      outcomeOf(client.request("waiting", { signal })),
    ];
    await server.whenReceived("in flight\n");
    controller.abort(reason);
    expect(await Promise.all(calls)).toEqual(["ABORTED unknown", "ABORTED not-sent"]);
    expect(server.received()).toBe("in flight\n");
  });

  test("shared by many calls keep no listener of them", async () => {
    await using server = await createTcpServer({ codec, handler: upperCase });
    await using client = clientOf(server);
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i += 1) {
      await Promise.all(Array.from({ length: 100 }, () => client.request("x", { signal })));
    }
    await outcomeOf(client.request("bad\n", { signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test("a reply that nobody asked for ends the connection, and the calls on it are unknown", async () => {
  await using server = await rawServer((socket) => socket.on("data", () => socket.write("one\ntwo\n")));
  await using client = clientOf(server);
  expect(await client.request("a")).toBe("one");
  await until(() => !client.stats().isConnected);
  expect(await client.request("b")).toBe("one");
});

test("an idle client closes its connection, and the next call opens another", async () => {
  await using server = await createTcpServer({ codec, handler: upperCase });
  await using client = clientOf(server, { timeouts: { idleMs: 10 } });
  await client.request("a");
  await until(() => server.stats().connections === 0);
  expect(await client.request("b")).toBe("B");
  expect(client.stats().connects).toBe(2);
});

test("clients of a server that refuses do not storm it: attempts back off, and are spread", async () => {
  await using server = await rawServer((socket) => socket.once("data", () => socket.destroy()));
  await using client = clientOf(server, { timeouts: { minReconnectMs: 100 } });
  using random = vi.spyOn(Math, "random");
  using time = stillTime();
  // A pause is anything up to its longest, which doubles: here half of 100 ms, then a quarter of 200 ms.
  random.mockReturnValueOnce(0.5).mockReturnValueOnce(0.25);
  const outcome = outcomeOf(client.request("x", { idempotent: true }));
  for (const attempts of [1, 2]) {
    await until(() => server.sockets.length === attempts && !client.stats().isConnected);
    time.pass(49);
    await turns(5);
    expect(server.sockets.length).toBe(attempts);
    time.pass(1);
  }
  expect(await outcome).toBe("CONNECTION_CLOSED unknown");
  expect(server.sockets.length).toBe(3);
});

test("a process ends by itself though its client is connected", async () => {
  await using server = await createTcpServer({ codec, handler: upperCase });
  const script = `
    import { lines } from "@tallyline/framing";
    import { createTcpClient } from "@tallyline/tcp";
    const client = createTcpClient({ codec: lines(), port: ${server.port} });
    console.log(await client.request("and now it ends"));`;
  const conditions = process.env["VITEST_TARGET"] === "dist" ? [] : ["--conditions=@tallyline/source"];
  const run = promisify(execFile)(process.execPath, [...conditions, "--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    timeout: 25_000,
  });
  expect((await run).stdout).toBe("AND NOW IT ENDS\n");
});

test("a server that is closed and opened again is found again", async () => {
  const first = await createTcpServer({ codec, handler: () => "first" });
  const { port } = first;
  await using client = clientOf({ port }, { timeouts: { minReconnectMs: 1 } });
  expect(await client.request("a")).toBe("first");
  await first.drain();
  expect(await outcomeOf(client.request("b"))).toMatch(/not-sent|unknown/);
  await using second = await createTcpServer({ codec, port, handler: () => "second" });
  expect(second.port).toBe(port);
  expect(await client.request("c")).toBe("second");
});
