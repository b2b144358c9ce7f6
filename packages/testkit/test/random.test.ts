import { createRandom } from "@tallyline/testkit";
import { expect, test } from "vitest";

const draws = (seed: number, count = 1000) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.unit());
};

test("the same seed gives the same numbers in every run, on every platform", () => {
  const random = createRandom(20_261_123);
  expect([random.integer(0, 999), random.integer(0, 999), random.integer(0, 999)]).toEqual([396, 345, 422]);
  expect(draws(7)).toEqual(draws(7));
  expect(draws(7)).not.toEqual(draws(8));
});

test("numbers are spread evenly, from neighbouring seeds too", () => {
  for (const seed of [0, 1, 2, 2 ** 32 - 1]) {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (const each of draws(seed, 10_000)) buckets[Math.floor(each * 10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 1000), `seed ${seed}`).toBeLessThan(200);
  }
  const firsts = Array.from({ length: 1000 }, (_, seed) => draws(seed, 1)[0]!);
  expect(firsts.reduce((sum, each) => sum + each, 0) / firsts.length).toBeCloseTo(0.5, 1);
});

test("a fork depends on the seed and its label, not on what was drawn before", () => {
  const random = createRandom(1);
  const before = random.fork("there").bytes(8);
  random.bytes(100);
  expect(random.fork("there").bytes(8)).toEqual(before);
  expect(random.fork("back").bytes(8)).not.toEqual(before);
  expect(createRandom(2).fork("there").bytes(8)).not.toEqual(before);
});

test("integers reach both ends, chances of 0 and 1 are certain, picks come from the list", () => {
  const random = createRandom(3);
  const rolls = new Set(Array.from({ length: 200 }, () => random.integer(1, 6)));
  expect([...rolls].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  for (let i = 0; i < 100; i += 1) {
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  }
  expect(["a", "b"]).toContain(random.pick(["a", "b"]));
});

test("seeds and ranges that make no sense are refused", () => {
  expect(() => createRandom(-1)).toThrow("seed is -1, must be a whole number from 0 to 4294967295");
  expect(() => createRandom(Number.NaN)).toThrow(RangeError);
  expect(() => createRandom(1).integer(2, 1)).toThrow(RangeError);
  expect(() => createRandom(1).chance(1.5)).toThrow("probability is 1.5, must be from 0 to 1");
  expect(() => createRandom(1).pick([])).toThrow(RangeError);
});
