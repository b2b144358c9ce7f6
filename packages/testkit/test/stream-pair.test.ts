import { createStreamPair, createVirtualClock, StreamResetError, type StreamFaults } from "@tallyline/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";

/** A pair with faults from left to right, and what the right side reads until it is over. */
function setUp(faults: StreamFaults, seed = 1) {
  const clock = createVirtualClock();
  const pair = createStreamPair({ clock, seed, faults: { leftToRight: faults } });
  const read = async (): Promise<string[]> => {
    const pieces: string[] = [];
    try {
      for (;;) {
        const bytes = await pair.right.read();
        if (bytes === undefined) return [...pieces, `end at ${clock.now()}`];
        pieces.push(textOf(bytes));
      }
    } catch (error) {
      expect(error).toBeInstanceOf(StreamResetError);
      return [...pieces, `reset at ${clock.now()}`];
    }
  };
  const send = async (...pieces: string[]): Promise<string[]> => {
    const reading = read();
    void (async () => {
      for (const piece of pieces) await pair.left.write(bytesOf(piece));
      pair.left.end();
    })().catch(() => {});
    return clock.drive(reading);
  };
  return { clock, pair, read, send };
}

test.each<[string, StreamFaults, string[]]>([
  ["nothing", {}, ["hello ", "world", "end at 0"]],
  ["split", { splitBytes: 4 }, ["hell", "o ", "worl", "d", "end at 0"]],
  ["coalesce", { coalesceBytes: 100 }, ["hello world", "end at 0"]],
  ["coalesce, then split", { coalesceBytes: 100, splitBytes: 6 }, ["hello ", "world", "end at 0"]],
  ["delay", { delayMs: 30 }, ["hello ", "world", "end at 30"]],
  ["end early", { endAfterBytes: 7 }, ["hello ", "w", "end at 0"]],
  ["end before the first byte", { endAfterBytes: 0 }, ["end at 0"]],
  ["reset early", { resetAfterBytes: 7 }, ["hello ", "w", "reset at 0"]],
  ["reset before the first byte", { resetAfterBytes: 0 }, ["reset at 0"]],
  ["reset at the last byte", { resetAfterBytes: 11 }, ["hello ", "world", "reset at 0"]],
  ["the first of two faults", { resetAfterBytes: 9, endAfterBytes: 8 }, ["hello ", "wo", "end at 0"]],
])("streams can %s", async (_, faults, expected) => {
  expect(await setUp(faults).send("hello ", "world")).toEqual(expected);
});

test("a stall holds bytes and end back, until the faults are changed", async () => {
  const { clock, pair, read } = setUp({ stallAfterBytes: 3 });
  const reading = read();
  await pair.left.write(bytesOf("hello"));
  pair.left.end();
  await expect(clock.drive(reading)).rejects.toThrow("nothing is left to happen");
  expect(pair.counts().leftToRight).toMatchObject({ forwardedBytes: 3, heldBytes: 2, stalls: 1 });
  pair.setFaults({});
  expect(await clock.drive(reading)).toEqual(["hel", "lo", "end at 0"]);
});

test("a peer that vanished takes everything and says nothing, not even the end", async () => {
  const { clock, pair, read } = setUp({ discardAfterBytes: 3 });
  const reading = read();
  for (let i = 0; i < 100; i += 1) await pair.left.write(new Uint8Array(10_000));
  pair.left.end();
  await expect(clock.drive(reading)).rejects.toThrow("nothing is left to happen");
  expect(pair.counts().leftToRight).toMatchObject({ forwardedBytes: 3, discardedBytes: 999_997 });
});

test("half-close leaves the other way open", async () => {
  const { clock, pair } = setUp({});
  pair.left.end();
  expect(await clock.drive(pair.right.read())).toBeUndefined();
  await pair.right.write(bytesOf("still here"));
  expect(textOf((await clock.drive(pair.left.read()))!)).toBe("still here");
  await expect(pair.left.write(bytesOf("x"))).rejects.toThrow("this side of the stream has ended");
});

test("a reset ends both ways, and every read and write on both sides", async () => {
  const { clock, pair } = setUp({});
  const reads = Promise.allSettled([pair.left.read(), pair.right.read()]);
  const blocked = Promise.allSettled([pair.right.write(new Uint8Array(70_000))]);
  pair.left.reset();
  const outcomes = [...(await clock.drive(reads)), ...(await clock.drive(blocked))];
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await expect(pair.right.write(bytesOf("x"))).rejects.toThrow(StreamResetError);
  await expect(pair.left.read()).rejects.toThrow(StreamResetError);
});

test("write waits while too much is unread", async () => {
  const clock = createVirtualClock();
  const pair = createStreamPair({ clock, maxUnreadBytes: 10 });
  let isTaken = false;
  await pair.left.write(new Uint8Array(9));
  const waiting = pair.left.write(new Uint8Array(1)).then(() => (isTaken = true));
  clock.runUntilIdle();
  await Promise.resolve();
  expect(isTaken).toBe(false);
  await clock.drive(pair.right.read());
  await clock.drive(waiting);
});

test("whatever the faults, the same seed gives the same bytes, and every byte is accounted for", async () => {
  const anyFaults = fc.record(
    {
      splitBytes: fc.integer({ min: 1, max: 20 }),
      coalesceBytes: fc.nat({ max: 50 }),
      jitterMs: fc.nat({ max: 20 }),
      corruptChance: fc.constantFrom(0, 0.1),
      endAfterBytes: fc.nat({ max: 100 }),
      resetAfterBytes: fc.nat({ max: 100 }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyFaults, fc.array(fc.string()), async (seed, faults, pieces) => {
      const [one, two] = [setUp(faults, seed), setUp(faults, seed)];
      expect(await one.send(...pieces)).toEqual(await two.send(...pieces));
      const { receivedBytes, forwardedBytes, discardedBytes, heldBytes } = one.pair.counts().leftToRight;
      expect(forwardedBytes + discardedBytes + heldBytes).toBe(receivedBytes);
    }),
    { numRuns: 50 },
  );
});

test("corruption changes about as many bytes as asked, and no length", async () => {
  const { send, pair } = setUp({ corruptChance: 0.1 });
  const got = (await send("x".repeat(1000)))[0]!;
  const { corruptedBytes } = pair.counts().leftToRight;
  expect(Math.abs(corruptedBytes - 100)).toBeLessThan(50);
  expect(got.replaceAll("x", "")).not.toBe("");
});

test.each([
  [{ splitBytes: 0 }, "splitBytes is 0, must be a whole number from 1 to 1073741824"],
  [{ coalesceBytes: 2 ** 21 }, "coalesceBytes is 2097152, must be a whole number from 0 to 1048576"],
  [{ corruptChance: -1 }, "corruptChance is -1, must be from 0 to 1"],
  [{ resetAfter: 1 } as never, 'stream faults has no option "resetAfter"'],
])("faults that make no sense are refused: %j", (faults, message) => {
  expect(() => setUp(faults)).toThrow(message);
});
