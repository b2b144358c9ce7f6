import { formatAmount, MAX_MINOR, parseAmount } from "@tallyline/ledger";
import fc from "fast-check";
import { expect, test } from "vitest";

const usd = { code: "USD", exponent: 2 };
const yen = { code: "JPY", exponent: 0 };

test.each([
  ["0", 0n],
  ["50", 5000n],
  ["0.1", 10n],
  ["0.10", 10n],
  ["1000000.07", 100000007n],
  ["92233720368547758.07", MAX_MINOR],
])("reads %s dollars as %s cents", (text, minor) => {
  expect(parseAmount(text, usd)).toBe(minor);
});

test.each([
  "",
  " ",
  "abc",
  "-5",
  "+5",
  "1e3",
  "1_000",
  "1,000",
  "1.001",
  ".5",
  "5.",
  "05",
  "0x10",
  "5 6",
  " 5",
  "5\n",
  "٥",
  "NaN",
  "Infinity",
  "92233720368547758.08",
  "9999999999999999999999999",
])("refuses %j as an amount of dollars", (text) => {
  expect(parseAmount(text, usd)).toBeUndefined();
});

test("a currency without decimals takes none", () => {
  expect(parseAmount("5", yen)).toBe(5n);
  expect(parseAmount("5.0", yen)).toBeUndefined();
});

test.each([
  [100000n, "1000"],
  [105050n, "1050.5"],
  [30n, "0.3"],
  [7n, "0.07"],
  [0n, "0"],
  [-5n, "-0.05"],
])("writes %s cents as the shortest exact decimal %s", (minor, text) => {
  expect(formatAmount(minor, usd)).toBe(text);
});

test("what is written is read back to the same amount, in every currency", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, MAX_MINOR), fc.integer({ min: 0, max: 9 }), (minor, exponent) => {
      const currency = { code: "XTS", exponent };
      expect(parseAmount(formatAmount(minor, currency), currency)).toBe(minor);
    }),
  );
});
