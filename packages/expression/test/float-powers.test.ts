import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluate } from "@tallyline/expression";

test("float powers are CPython's to the bit, also where engines or the nearest float64 are not", () => {
  const lines = readFileSync(join(import.meta.dirname, "vectors/float-powers.txt"), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeGreaterThan(350);
  const wrong = lines.filter((line) => {
    const [base, exponent, result] = line.split(" ").map(Number);
    return evaluate("base ** exponent", { variables: { base: base!, exponent: exponent! } }) !== result;
  });
  expect(wrong).toEqual([]);
});

test.each([
  ["5**-4", 0.0016],
  ["10**-5", 1e-5],
  ["(-2.0)**3", -8],
  ["(-2.0)**-1", -0.5],
  ["2.0**1023 * 2", Infinity],
  ["2.0**-1074", 5e-324],
  ["2.0**-1076", 0],
  ["0.0**3", 0],
  ["1e400**-1", 0],
  ["12.457**2.0", 155.17684900000003],
  ["2.0**-1074.4", 5e-324],
  ["(1.0 - 2.0**-53)**2.0**63", 0],
  ["2.0**(2.0**-70)", 1],
  ["(-1.0)**1e300", 1],
  ["5e-324**0.5", 2.2227587494850775e-162],
  ["1.0**(1e400-1e400)", 1],
  ["(-1.0)**1e400", 1],
])("%s is %d", (text, result) => {
  expect(evaluate(text)).toBe(result);
});
