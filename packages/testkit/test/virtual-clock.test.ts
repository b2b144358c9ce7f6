import { createVirtualClock } from "@tallyline/testkit";
import { expect, test } from "vitest";

test("callbacks run in order of their time, those of one time in the order of asking", () => {
  const clock = createVirtualClock();
  const ran: string[] = [];
  const note = (name: string) => () => ran.push(`${name} at ${clock.now()}`);
  clock.after(20, note("c"));
  clock.after(10, note("a"));
  clock.after(20, note("d"));
  clock.after(10, note("b"));
  expect([clock.nextAtMs, clock.pendingCount]).toEqual([10, 4]);
  clock.advance(15);
  expect([ran, clock.now()]).toEqual([["a at 10", "b at 10"], 15]);
  clock.runUntilIdle();
  expect(ran.slice(2)).toEqual(["c at 20", "d at 20"]);
  expect(clock.nextAtMs).toBeUndefined();
});

test("advance runs what is scheduled meanwhile and falls due", () => {
  const clock = createVirtualClock();
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    clock.after(10, tick);
  };
  clock.after(10, tick);
  clock.advance(95);
  expect([ticks, clock.nextAtMs]).toEqual([9, 100]);
});

test("what is cancelled does not run and is not waited for", () => {
  const clock = createVirtualClock();
  const cancel = clock.after(10, () => expect.unreachable());
  cancel();
  cancel();
  expect([clock.pendingCount, clock.nextAtMs]).toEqual([0, undefined]);
  clock.advance(100);
});

test("drive passes time until a promise settles, and no further", async () => {
  const clock = createVirtualClock();
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const work = async (): Promise<string> => {
    for (let i = 0; i < 3; i += 1) await sleep(1000);
    return `done at ${clock.now()}`;
  };
  clock.after(5000, () => expect.unreachable());
  await expect(clock.drive(work())).resolves.toBe("done at 3000");
  await expect(clock.drive(Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("what would hang fails at once, with the time", async () => {
  const clock = createVirtualClock();
  clock.after(40, () => {});
  await expect(clock.drive(new Promise(() => {}))).rejects.toThrow("nothing is left to happen at 40 ms");
});

test("a run without end stops at its limits", async () => {
  const clock = createVirtualClock();
  const tick = (): void => void clock.after(10, tick);
  tick();
  expect(() => clock.runUntilIdle({ maxRuns: 5 })).toThrow("not idle after 5 callbacks, limit is 5");
  expect(() => clock.runUntilIdle({ maxMs: 100 })).toThrow("not idle after 110 ms, limit is 100");
  await expect(clock.drive(new Promise(() => {}), { maxMs: 100 })).rejects.toThrow(RangeError);
  expect(() => clock.after(-1, tick)).toThrow(RangeError);
  expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
});
