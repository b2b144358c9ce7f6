import { StreamCalls, type StreamCall, type StreamCallsOptions } from "@tallyline/request-reply";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

interface Reply {
  readonly id: number;
}
type Calls = StreamCalls<string, Reply, string>;
type Call = StreamCall<string, string>;

const limits = { maxWaiting: 100, maxWaitingBytes: 1_000, maxInFlight: 10, maxAttempts: 3 };
const byId = { replyId: (reply: Reply) => reply.id };

function calls(options: Partial<StreamCallsOptions<Reply>> = {}): Calls {
  return new StreamCalls({ ...limits, ...options });
}

function add(machine: Calls, name: string, more: Partial<Parameters<Calls["add"]>[0]> = {}): Call {
  const call = machine.add({
    frame: name,
    frameBytes: 1,
    deadlineAtMs: 100,
    isIdempotent: false,
    context: name,
    ...more,
  });
  if (call === undefined) throw new Error("the queue is full");
  return call;
}

/** The names of the calls that may be written now. */
function send(machine: Calls, nowMs = 0): string[] {
  const sent: string[] = [];
  for (let call = machine.nextToSend(nowMs); call !== undefined; call = machine.nextToSend(nowMs))
    sent.push(call.frame);
  return sent;
}

describe("in order", () => {
  test("replies answer the calls in the order in which they were sent", () => {
    const machine = calls();
    add(machine, "a");
    add(machine, "b");
    expect(send(machine)).toEqual(["a", "b"]);
    expect(machine.receive({ id: 0 })).toMatchObject({ kind: "answer", call: { context: "a" } });
    expect(machine.receive({ id: 0 })).toMatchObject({ kind: "answer", call: { context: "b" } });
    expect(machine.inFlightCount).toBe(0);
  });

  test("a late reply is dropped and never taken for the next call's", () => {
    const machine = calls();
    add(machine, "timed out", { deadlineAtMs: 10 });
    const cancelled = add(machine, "cancelled");
    add(machine, "waited for");
    send(machine);
    expect(machine.expire(10)).toMatchObject([{ call: { context: "timed out" }, delivery: "unknown" }]);
    expect(machine.cancel(cancelled)).toBe("unknown");
    expect(machine.awaitedCount).toBe(1);
    expect(machine.receive({ id: 0 }).kind).toBe("late");
    expect(machine.receive({ id: 0 }).kind).toBe("late");
    expect(machine.receive({ id: 0 })).toMatchObject({ kind: "answer", call: { context: "waited for" } });
  });

  test("an unreadable reply is the oldest call's", () => {
    const machine = calls();
    add(machine, "a");
    send(machine);
    expect(machine.receiveUnreadable()).toMatchObject({ kind: "answer", call: { context: "a" } });
    expect(machine.receiveUnreadable().kind).toBe("unsolicited");
  });

  test("a reply without a call is unsolicited, also while calls wait unsent", () => {
    const machine = calls();
    add(machine, "not sent yet");
    expect(machine.receive({ id: 0 }).kind).toBe("unsolicited");
  });
});

describe("by id", () => {
  test("replies answer their calls in any order, once each", () => {
    const machine = calls(byId);
    add(machine, "a", { id: 1 });
    add(machine, "b", { id: 2 });
    send(machine);
    expect(machine.receive({ id: 2 })).toMatchObject({ kind: "answer", call: { context: "b" } });
    expect(machine.receive({ id: 1 })).toMatchObject({ kind: "answer", call: { context: "a" } });
    expect(machine.receive({ id: 1 }).kind).toBe("unsolicited");
  });

  test("two calls with one id are never on the wire together", () => {
    const machine = calls(byId);
    add(machine, "first", { id: 7 });
    add(machine, "second", { id: 7 });
    expect(send(machine)).toEqual(["first"]);
    machine.receive({ id: 7 });
    expect(send(machine)).toEqual(["second"]);
  });

  test("an unreadable reply is nobody's", () => {
    const machine = calls(byId);
    add(machine, "a", { id: 1 });
    send(machine);
    expect(machine.receiveUnreadable().kind).toBe("unsolicited");
  });

  test("a call without an id is refused", () => {
    expect(() => add(calls(byId), "a")).toThrow(TypeError);
  });
});

test("a call whose deadline passed while it waited is never sent", () => {
  const machine = calls({ maxInFlight: 1 });
  add(machine, "a");
  add(machine, "b", { deadlineAtMs: 10 });
  add(machine, "c", { deadlineAtMs: 20 });
  expect(send(machine)).toEqual(["a"]);
  machine.receive({ id: 0 });
  expect(send(machine, 10)).toEqual(["c"]);
  expect(machine.expire(10)).toMatchObject([{ call: { context: "b" }, delivery: "not-sent" }]);
  expect(machine.waitingCount).toBe(0);
});

test("no more calls are in flight than the limit; abandoned ones count until their reply came", () => {
  const machine = calls({ maxInFlight: 2 });
  const first = add(machine, "a");
  add(machine, "b");
  add(machine, "c");
  expect(send(machine)).toEqual(["a", "b"]);
  machine.cancel(first);
  expect(send(machine)).toEqual([]);
  machine.receive({ id: 0 });
  expect(send(machine)).toEqual(["c"]);
});

test("the queue is bounded in calls and in bytes", () => {
  const machine = calls({ maxWaiting: 2, maxWaitingBytes: 10 });
  const input = { frame: "x", frameBytes: 6, deadlineAtMs: 100, isIdempotent: false, context: "x" };
  expect(machine.add(input)).toBeDefined();
  expect(machine.add(input)).toBeUndefined();
  expect(machine.add({ ...input, frameBytes: 4 })).toBeDefined();
  expect(machine.add({ ...input, frameBytes: 0 })).toBeUndefined();
  send(machine);
  expect(machine.add(input)).toBeDefined();
});

test("a call that is cancelled before it is sent was not sent", () => {
  const machine = calls();
  const call = add(machine, "a");
  expect(machine.cancel(call)).toBe("not-sent");
  expect(machine.cancel(call)).toBeUndefined();
  expect(send(machine)).toEqual([]);
});

test("when the stream is lost, calls in flight are unknown, and calls that waited are sent on the next one", () => {
  const machine = calls({ maxInFlight: 2 });
  const abandoned = add(machine, "abandoned");
  add(machine, "in flight");
  add(machine, "waiting");
  send(machine);
  machine.cancel(abandoned);
  expect(machine.disconnect()).toMatchObject([{ call: { context: "in flight" }, delivery: "unknown" }]);
  expect(send(machine)).toEqual(["waiting"]);
});

test("an idempotent call is sent again, before the ones that waited, and not for ever", () => {
  const machine = calls({ maxInFlight: 1, maxAttempts: 3 });
  add(machine, "again", { isIdempotent: true });
  add(machine, "later");
  expect(send(machine)).toEqual(["again"]);
  for (let attempt = 2; attempt <= 3; attempt += 1) {
    expect(machine.disconnect()).toEqual([]);
    expect(send(machine)).toEqual(["again"]);
  }
  expect(machine.disconnect()).toMatchObject([{ call: { context: "again", attempts: 3 }, delivery: "unknown" }]);
});

test("an idempotent call that was sent once is unknown, also when it fails while it waits to be sent again", () => {
  const machine = calls();
  add(machine, "sent before", { isIdempotent: true });
  send(machine);
  machine.disconnect();
  add(machine, "never sent");
  expect(machine.failWaiting()).toMatchObject([
    { call: { context: "sent before" }, delivery: "unknown" },
    { call: { context: "never sent" }, delivery: "not-sent" },
  ]);
});

test("at most one call in five and ten more are sent again", () => {
  const machine = calls({ maxInFlight: 100, maxAttempts: 1_000 });
  let resent = 0;
  for (let round = 0; round < 50; round += 1) {
    add(machine, "x", { isIdempotent: true });
    send(machine);
    if (machine.disconnect().length === 0) resent += machine.waitingCount;
    machine.failWaiting();
  }
  expect(resent).toBeLessThanOrEqual(20);
  expect(resent).toBeGreaterThanOrEqual(10);
});

test("wakeAtMs is the earliest deadline of a call that still has no outcome", () => {
  const machine = calls();
  expect(machine.wakeAtMs).toBeUndefined();
  add(machine, "late", { deadlineAtMs: 50 });
  const early = add(machine, "early", { deadlineAtMs: 20 });
  expect(machine.wakeAtMs).toBe(20);
  machine.cancel(early);
  expect(machine.wakeAtMs).toBe(50);
  machine.expire(50);
  expect(machine.wakeAtMs).toBeUndefined();
});

test("calls that were answered are not held until their deadlines", async () => {
  const machine = calls();
  const answered: WeakRef<object>[] = [];
  for (let i = 0; i < 1_000; i += 1) {
    add(machine, "x", { deadlineAtMs: 1_000_000 + i });
    send(machine);
    const receipt = machine.receive({ id: 0 });
    if (receipt.kind === "answer") answered.push(new WeakRef(receipt.call));
  }
  expect(answered).toHaveLength(1_000);
  await new Promise(setImmediate);
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  expect(answered.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(200);
});

test("every call is settled exactly once, with the right reply, whatever happens in whatever order", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ do: "add" as const }) },
    { weight: 4, arbitrary: fc.constant({ do: "send" as const }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("reply" as const), nth: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), nth: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.constant({ do: "disconnect" as const }) },
  );
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (isById, steps) => {
      const machine = calls({ maxInFlight: 4, ...(isById && byId) });
      const all: Call[] = [];
      const settled = new Map<string, number>();
      const settle = (name: string): void => void settled.set(name, (settled.get(name) ?? 0) + 1);
      let onWire: string[] = [];
      let now = 0;
      const deadline = 40;
      for (const each of steps) {
        if (each.do === "add") {
          const id = all.length;
          all.push(add(machine, String(id), { id, isIdempotent: id % 2 === 0, deadlineAtMs: now + deadline }));
        } else if (each.do === "send") {
          onWire.push(...send(machine, now));
        } else if (each.do === "reply" && onWire.length > 0) {
          const [name] = onWire.splice(isById ? each.nth % onWire.length : 0, 1);
          const receipt = machine.receive({ id: Number(name) });
          if (receipt.kind === "unsolicited") throw new Error("it was asked for");
          if (receipt.kind === "answer") {
            if (receipt.call.context !== name) throw new Error(`${name} answered ${receipt.call.context}`);
            settle(name);
          }
        } else if (each.do === "cancel" && all.length > 0) {
          const call = all[each.nth % all.length]!;
          if (machine.cancel(call) !== undefined) settle(call.context);
        } else if (each.do === "wait") {
          now += each.ms;
          for (const { call } of machine.expire(now)) settle(call.context);
        } else if (each.do === "disconnect") {
          onWire = [];
          for (const { call } of machine.disconnect()) settle(call.context);
        }
      }
      for (const { call } of machine.expire(now + deadline)) settle(call.context);
      expect([...settled.values()].every((count) => count === 1)).toBe(true);
      expect(settled.size).toBe(all.length);
      expect(machine.waitingCount).toBe(0);
      expect(machine.wakeAtMs).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
