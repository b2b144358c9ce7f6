import { describe, expect, test } from "vitest";
import { type DatagramClient, type DatagramOutcome, decodeDatagram, encodeReply } from "@tallyline/request-reply";
import { bytes, newClient, seededBytes, text } from "./datagram-network.ts";

function start(
  client: DatagramClient,
  payload: string,
  now: number,
  deadlineMs = 10_000,
  isIdempotent = false,
): number {
  return client.start(bytes(payload), { deadlineAt: now + deadlineMs, isIdempotent }, now);
}

/** The id of the next datagram that the client sends; fails if it sends none. */
function sentId(client: DatagramClient, now: number): string {
  const decoded = decodeDatagram(client.pollTransmit(now) ?? bytes(""));
  if (decoded.kind !== "request") throw new Error(`sent nothing, or ${decoded.kind}`);
  return decoded.id;
}

function outcome(client: DatagramClient): DatagramOutcome | undefined {
  return client.pollOutcome()?.outcome;
}

/** A client whose peer has been heard, so that it may have several calls out. */
function openClient(options?: Parameters<typeof newClient>[0]): DatagramClient {
  const client = newClient(options);
  start(client, "hello", 0);
  client.handle(encodeReply({ id: sentId(client, 0) }, bytes("")), 1);
  client.pollOutcome();
  return client;
}

describe("sending again on silence", () => {
  test("keeps to 1 s times 1 to 1.5, doubled each time, six times, and then waits for the deadline (no. 44)", () => {
    const client = newClient();
    start(client, "x", 0, 100_000);
    const sentAt: number[] = [];
    for (let now = 0; now <= 100_000; now++) {
      while (client.pollTransmit(now) !== undefined) sentAt.push(now);
    }
    expect(sentAt).toHaveLength(7);
    const first = sentAt[1]!;
    expect(first).toBeGreaterThanOrEqual(1000);
    expect(first).toBeLessThanOrEqual(1500);
    for (let i = 2; i < 7; i++) {
      const waited = sentAt[i]! - sentAt[i - 1]!;
      expect(Math.abs(waited - Math.min(first * 2 ** (i - 1), 10_000))).toBeLessThanOrEqual(10);
    }
    expect(outcome(client)).toMatchObject({ kind: "failed", code: "DEADLINE_EXCEEDED", delivery: "unknown" });
    expect(client.pending).toBe(0);
    expect(client.nextTimeoutAt()).toBe(Infinity);
  });

  test("says how old the call is, and keeps its id and content", () => {
    const client = newClient();
    start(client, "x", 0);
    const first = decodeDatagram(client.pollTransmit(0)!);
    const at = Math.ceil(client.nextTimeoutAt());
    const second = decodeDatagram(client.pollTransmit(at)!);
    expect(first).toMatchObject({ kind: "request", ageMs: 0 });
    expect(second).toEqual({ ...first, ageMs: at });
  });

  test("adapts to the round trips of calls that were sent once, and to no others (Karn; no. 44)", () => {
    const client = newClient();
    start(client, "lost once", 0);
    const id = sentId(client, 0);
    const at = client.nextTimeoutAt();
    expect(sentId(client, at)).toBe(id);
    client.handle(encodeReply({ id }, bytes("")), at + 5);
    expect(client.roundTripMs).toBeUndefined();

    start(client, "sent once", 10_000);
    client.handle(encodeReply({ id: sentId(client, 10_000) }, bytes("")), 10_040);
    expect(client.roundTripMs).toBe(40);

    start(client, "waits less", 20_000, 100_000);
    client.pollTransmit(20_000);
    // 40 + 4 * 20 is below the minimum of 200, which the jitter stretches to at most 300.
    while (client.pollTransmit(client.nextTimeoutAt()) === undefined) continue;
    expect(client.nextTimeoutAt()).toBeGreaterThan(20_400);
    expect(client.nextTimeoutAt()).toBeLessThanOrEqual(20_900);
  });

  test("waits longer after calls that were sent repeatedly, until one that was sent once is answered (Karn)", () => {
    const client = newClient();
    start(client, "slow", 0, 60_000);
    const id = sentId(client, 0);
    for (let copy = 0; copy < 2; copy++) sentId(client, client.nextTimeoutAt());
    client.handle(encodeReply({ id }, bytes("")), 6000);
    client.pollOutcome();
    start(client, "next", 7000, 60_000);
    sentId(client, 7000);
    // Twice the 1 to 1.5 seconds of the first wait.
    expect(client.pollTransmit(7000 + 1999)).toBeUndefined();
    expect(client.pollTransmit(7000 + 3000)).toBeDefined();
  });
});

describe("calls on the wire", () => {
  test("hold nobody up any longer once their last copy has waited in vain, and may still be answered", () => {
    const client = newClient({ limits: { maxRetransmits: 1 } });
    start(client, "first", 0, 60_000);
    start(client, "second", 0, 60_000);
    const first = sentId(client, 0);
    expect(sentId(client, 1500)).toBe(first);
    expect(client.pollTransmit(1500)).toBeUndefined();
    const second = sentId(client, 5000);
    expect(second).not.toBe(first);
    expect(client.handle(encodeReply({ id: first }, bytes("late")), 5001)).toBe(true);
    expect(client.handle(encodeReply({ id: second }, bytes("own")), 5002)).toBe(true);
    expect(outcome(client)).toMatchObject({ payload: bytes("late") });
    expect(outcome(client)).toMatchObject({ payload: bytes("own") });
  });

  test("are one until the peer has answered, then four", () => {
    const client = newClient();
    for (let i = 0; i < 10; i++) start(client, `${i}`, 0);
    const id = sentId(client, 0);
    expect(client.pollTransmit(0)).toBeUndefined();
    client.handle(encodeReply({ id }, bytes("")), 5);
    let sent = 0;
    while (client.pollTransmit(5) !== undefined) sent++;
    expect(sent).toBe(4);
  });

  test("time spent in the queue counts, and a call whose time is over there is never sent (no. 20)", () => {
    const client = newClient();
    start(client, "first", 0, 60_000);
    start(client, "second", 0, 1000);
    const id = sentId(client, 0);
    expect(client.nextTimeoutAt()).toBeLessThanOrEqual(1000);
    client.pollTransmit(1000);
    expect(outcome(client)).toMatchObject({ kind: "failed", code: "DEADLINE_EXCEEDED", delivery: "not-sent" });
    client.handle(encodeReply({ id }, bytes("")), 1001);
    expect(client.pollTransmit(1001)).toBeUndefined();
  });

  test("wait in a queue that has an end", () => {
    const client = newClient({ limits: { maxQueued: 2 } });
    for (let i = 0; i < 3; i++) start(client, `${i}`, 0);
    expect(outcome(client)).toMatchObject({ kind: "failed", code: "QUEUE_FULL", delivery: "not-sent" });
    expect(client.pending).toBe(2);
  });

  test("can be given up at any time, and say whether they were sent", () => {
    const client = newClient();
    const sent = start(client, "sent", 0);
    const queued = start(client, "queued", 0);
    const id = sentId(client, 0);
    expect(client.cancel(queued)).toBe("not-sent");
    expect(client.cancel(sent)).toBe("unknown");
    expect(client.cancel(sent)).toBeUndefined();
    expect(client.handle(encodeReply({ id }, bytes("late")), 1)).toBe(false);
    expect(outcome(client)).toBeUndefined();
  });

  test("keep their payload when the caller changes it afterwards", () => {
    const client = newClient();
    const payload = bytes("1 + 1");
    client.start(payload, { deadlineAt: 1000, isIdempotent: false }, 0);
    payload.fill(0);
    expect(text(client.pollTransmit(0))).toMatch(/\n1 \+ 1$/);
  });

  test("that could not fit a datagram are never sent", () => {
    const client = newClient();
    start(client, "x".repeat(1232 - 80), 0);
    expect(client.pollTransmit(0)).toBeDefined();
    start(client, "x".repeat(1232 - 79), 0);
    expect(outcome(client)).toMatchObject({ code: "MESSAGE_TOO_LARGE", delivery: "not-sent" });
  });
});

describe("replies", () => {
  test("under an id that was not asked are ignored: guesses fit none (no. 45)", { timeout: 60_000 }, () => {
    const client = openClient();
    start(client, "x", 10);
    const id = sentId(client, 10);
    const guess = seededBytes(99);
    for (let i = 0; i < Number(process.env["DATAGRAM_FUZZ"] ?? 20_000); i++) {
      const guessed = Buffer.from(guess(8)).toString("hex");
      expect(client.handle(encodeReply({ id: guessed }, bytes("forged")), 11)).toBe(false);
    }
    client.handle(encodeReply({ id }, bytes("true")), 12);
    expect(outcome(client)).toMatchObject({ kind: "reply", payload: bytes("true") });
  });

  test("that come late or twice go to nobody, least of all to the next call (no. 17)", () => {
    const client = openClient();
    start(client, "first", 10, 100);
    const first = sentId(client, 10);
    client.pollTransmit(110);
    expect(outcome(client)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    start(client, "second", 120);
    const second = sentId(client, 120);
    expect(client.handle(encodeReply({ id: first }, bytes("late")), 121)).toBe(false);
    expect(client.handle(encodeReply({ id: second }, bytes("own")), 122)).toBe(true);
    expect(client.handle(encodeReply({ id: second }, bytes("own")), 123)).toBe(false);
    expect(outcome(client)).toMatchObject({ payload: bytes("own") });
    expect(outcome(client)).toBeUndefined();
  });

  test("can say that they do not fit", () => {
    const client = openClient();
    start(client, "x", 10);
    client.handle(encodeReply({ id: sentId(client, 10), isTruncated: true }, bytes("")), 11);
    expect(outcome(client)).toEqual({ kind: "reply", payload: bytes(""), isTruncated: true, hasHeader: true });
  });

  test("can ask for a cookie, at most twice in a call; later calls bring it along", () => {
    const client = openClient();
    start(client, "x", 10);
    const id = sentId(client, 10);
    for (const cookie of ["1".repeat(16), "2".repeat(16)]) {
      client.handle(encodeReply({ id, cookie }, bytes("")), 20);
      expect(decodeDatagram(client.pollTransmit(20)!)).toMatchObject({ id, cookie, ageMs: 10 });
    }
    client.handle(encodeReply({ id, cookie: "3".repeat(16) }, bytes("")), 30);
    expect(client.pollTransmit(30)).toBeUndefined();
    start(client, "y", 40);
    expect(decodeDatagram(client.pollTransmit(40)!)).toMatchObject({ cookie: "3".repeat(16) });
  });

  test.each([
    ["busy", "PEER_BUSY", "rejected"],
    ["draining", "PEER_DRAINING", "rejected"],
    ["too-large", "MESSAGE_TOO_LARGE", "rejected"],
    ["failed", "PEER_FAILED", "answered"],
    ["forgotten", "PEER_FORGOT", "unknown"],
  ] as const)("refused=%s fails the call with %s, %s", (refusal, code, delivery) => {
    const client = openClient();
    start(client, "x", 10);
    client.handle(encodeReply({ id: sentId(client, 10), refusal }, bytes("")), 11);
    expect(outcome(client)).toMatchObject({ kind: "failed", code, delivery });
  });

  test("without a header come from a peer that knows none; once it has shown that it does, they are noise", () => {
    const stranger = newClient();
    start(stranger, "x", 0);
    stranger.pollTransmit(0);
    stranger.handle(bytes("Error: invalid syntax"), 5);
    expect(outcome(stranger)).toEqual({
      kind: "reply",
      payload: bytes("Error: invalid syntax"),
      isTruncated: false,
      hasHeader: false,
    });

    const acquainted = openClient();
    start(acquainted, "x", 10);
    acquainted.pollTransmit(10);
    expect(acquainted.handle(bytes("Error: invalid syntax"), 15)).toBe(false);
  });
});

describe("a peer that is said to be unreachable", () => {
  test("fails calls after three reports in a row, soon", () => {
    const client = newClient();
    start(client, "sent", 0);
    start(client, "queued", 0);
    sentId(client, 0);
    let now = 0;
    for (let report = 1; report <= 2; report++) {
      client.handleUnreachable(now);
      expect(outcome(client)).toBeUndefined();
      now += 200;
      sentId(client, now);
    }
    client.handleUnreachable(now);
    expect(outcome(client)).toMatchObject({ code: "PEER_UNREACHABLE", delivery: "unknown" });
    expect(outcome(client)).toMatchObject({ code: "PEER_UNREACHABLE", delivery: "not-sent" });
    expect(now).toBeLessThan(1000);
  });

  test("is believed to be there if it answers: a forged report fails nothing (no. 50)", () => {
    const client = openClient();
    for (let i = 0; i < 5; i++) {
      start(client, "x", i * 10);
      const id = sentId(client, i * 10);
      client.handleUnreachable(i * 10 + 1);
      client.handle(encodeReply({ id }, bytes("here")), i * 10 + 2);
      expect(outcome(client)).toMatchObject({ kind: "reply" });
    }
  });
});

describe("bare calls", () => {
  test("send the payload as it is and take the next datagram for the reply, one at a time", () => {
    const client = newClient({ hasHeader: false });
    start(client, "1 + 1", 0);
    start(client, "2 + 2", 0);
    expect(text(client.pollTransmit(0))).toBe("1 + 1");
    expect(client.pollTransmit(0)).toBeUndefined();
    client.handle(bytes("Result: 2"), 1);
    expect(outcome(client)).toMatchObject({ kind: "reply", payload: bytes("Result: 2"), hasHeader: false });
    expect(text(client.pollTransmit(1))).toBe("2 + 2");
  });

  test("keep the next one waiting to their deadline: a reply may still come, and would be taken for the next one's", () => {
    const client = newClient({ hasHeader: false });
    start(client, "first", 0, 9000);
    start(client, "second", 0, 20_000);
    expect(text(client.pollTransmit(0))).toBe("first");
    for (let now = 100; now < 9000; now += 100) expect(client.pollTransmit(now)).toBeUndefined();
    expect(text(client.pollTransmit(9000))).toBe("second");
  });

  test("are sent again on silence only if they are idempotent", () => {
    for (const [isIdempotent, copies] of [
      [false, 1],
      [true, 7],
    ] as const) {
      const client = newClient({ hasHeader: false });
      start(client, "1 + 1", 0, 100_000, isIdempotent);
      let sent = 0;
      for (let now = 0; now < 100_000; now += 10) if (client.pollTransmit(now) !== undefined) sent++;
      expect(sent).toBe(copies);
    }
  });
});

test("ids do not repeat: 20,000 calls have 20,000 (no. 56)", () => {
  const client = openClient({ randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)) });
  const ids = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const call = start(client, "x", 1);
    ids.add(sentId(client, 1));
    client.cancel(call);
  }
  expect(ids.size).toBe(20_000);
});

test("options that make no sense are refused with their name (no. 58)", () => {
  expect(() => newClient({ limits: { maxOutstanding: 0 } })).toThrow("limits.maxOutstanding is 0");
  expect(() => newClient({ timeouts: { initialRetransmitMs: -1 } })).toThrow("timeouts.initialRetransmitMs is -1");
  expect(() => newClient({ limits: { maxRequestBytes: 10 } })).toThrow("limits.maxRequestBytes is 10");
  expect(() => newClient({ timeouts: { maxRetransmitMs: 1 } })).toThrow(
    "must be at least timeouts.minRetransmitMs (200)",
  );
});
