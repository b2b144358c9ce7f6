import { StreamReplies, type StreamTurnOutcome } from "@tallyline/request-reply";
import fc from "fast-check";
import { expect, test } from "vitest";

const reply = (text: string): StreamTurnOutcome<string> => ({ kind: "reply", reply: text });

/** The numbers of the turns that may leave now. */
function leaving(replies: StreamReplies<string>): number[] {
  const numbers: number[] = [];
  for (let turn = replies.next(); turn !== undefined; turn = replies.next()) numbers.push(turn.number);
  return numbers;
}

test("replies leave in the order of the requests, however they are finished", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), (finishing) => {
      const replies = new StreamReplies<string>("request");
      const turns = new Map([1, 2, 3, 4, 5, 6].map((number) => [number, replies.accept(number, number)]));
      const left: number[] = [];
      for (const number of finishing) {
        replies.settle(turns.get(number)!, reply(String(number)));
        left.push(...leaving(replies));
      }
      expect(left).toEqual([1, 2, 3, 4, 5, 6]);
      expect(replies.count).toBe(0);
    }),
  );
});

test("in order of completion each leaves as it is finished", () => {
  const replies = new StreamReplies<string>("completion");
  const slow = replies.accept(1, 10);
  const fast = replies.accept(2, 20);
  replies.settle(fast, reply("fast"));
  expect(leaving(replies)).toEqual([2]);
  expect(replies.wakeAtMs).toBe(10);
  replies.settle(slow, { kind: "silence" });
  expect(replies.count).toBe(1);
  expect(leaving(replies)).toEqual([1]);
  expect(replies.wakeAtMs).toBeUndefined();
});

test("wakeAtMs is the deadline of the oldest request that is being worked on", () => {
  const replies = new StreamReplies<string>("request");
  const first = replies.accept(1, 10);
  replies.accept(2, 20);
  expect(replies.wakeAtMs).toBe(10);
  replies.settle(first, { kind: "failed" });
  expect(replies.next()?.outcome).toEqual({ kind: "failed" });
  expect(replies.wakeAtMs).toBe(20);
});

test("settling a turn twice is a mistake of ours and throws", () => {
  const replies = new StreamReplies<string>("request");
  const turn = replies.accept(1, 10);
  replies.settle(turn, reply("once"));
  expect(() => replies.settle(turn, reply("twice"))).toThrow("turn 1 is settled already");
});

test("abandoned turns never leave", () => {
  for (const order of ["request", "completion"] as const) {
    const replies = new StreamReplies<string>(order);
    const finished = replies.accept(1, 10);
    const running = replies.accept(2, 10);
    replies.settle(finished, reply("finished"));
    expect(replies.abandon()).toEqual([finished, running]);
    replies.settle(running, reply("too late"));
    expect(leaving(replies)).toEqual([]);
    expect(replies.count).toBe(0);
  }
});
