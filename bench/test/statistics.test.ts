import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geometricMean, median, medianInterval, quantile } from "../engine/statistics.ts";

const values = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 30 });

describe("the median", () => {
  test("is in the middle, between the two middle ones of an even number", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test("does not move when one slice goes wrong", () => {
    expect(median([10, 10, 10, 10, 5000])).toBe(10);
  });
});

test("a quantile lies in proportion between its neighbours", () => {
  expect(quantile([0, 10, 20, 30, 40], 0.25)).toBe(10);
  expect(quantile([0, 10], 0.75)).toBe(7.5);
});

test("a geometric mean of factors that undo each other is 1", () => {
  expect(geometricMean([4, 0.25, 2, 0.5])).toBeCloseTo(1, 12);
});

describe("the interval of a median", () => {
  test("holds it, and lies among the values", () => {
    fc.assert(
      fc.property(values, (all) => {
        const { low, high } = medianInterval(all);
        expect(low).toBeLessThanOrEqual(median(all));
        expect(high).toBeGreaterThanOrEqual(median(all));
        expect(low).toBeGreaterThanOrEqual(Math.min(...all));
        expect(high).toBeLessThanOrEqual(Math.max(...all));
      }),
      { numRuns: 20 },
    );
  });

  test("is the same each time, and a point when all values are", () => {
    expect(medianInterval([1, 2, 3, 4, 5])).toEqual(medianInterval([1, 2, 3, 4, 5]));
    expect(medianInterval([7, 7, 7])).toEqual({ low: 7, high: 7 });
  });

  test("covers the true median 19 times in 20, or nearly, of 20 values drawn at random", () => {
    let state = 12_345;
    const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const covered = Array.from({ length: 40 }, () => medianInterval(Array.from({ length: 20 }, next))).filter(
      ({ low, high }) => low <= 0.5 && high >= 0.5,
    );
    expect(covered.length).toBeGreaterThan(34);
  });
});
