// What chat bots and calculators have been brought down with. The tests see how each is answered, bench/hostile.ts how fast.

/** By what they are: the text, and the code that refuses it. */
export const hostile: Readonly<Record<string, readonly [text: string, code: string]>> = {
  "a tower of powers": ["9**9**9**9", "limit-integer-bits"],
  "powers of powers under any cap of the exponent": ["(((9**64)**64)**64)**64", "limit-integer-bits"],
  "ten million digits": ["10**10000000", "limit-integer-bits"],
  "products of long literals": [
    `${"1".repeat(4300)}*${"1".repeat(4300)}*${"1".repeat(4300)}*${"1".repeat(2000)}`,
    "limit-result-digits",
  ],
  "a literal of 10,000 digits": ["1".repeat(10_000), "limit-literal-digits"],
  "100,000 parentheses": [`${"(".repeat(100_000)}1${")".repeat(100_000)}`, "limit-length"],
  "5,000 parentheses": [`${"(".repeat(5000)}1${")".repeat(5000)}`, "limit-parentheses"],
  "10,000 signs": [`${"-".repeat(10_000)}1`, "limit-depth"],
  "5,000 nots": [`${"not ".repeat(4000)}1`, "limit-depth"],
  "a chain of 5,000 powers": [`1${"**1".repeat(5000)}`, "limit-depth"],
  "5,000 calls of a value": [`1${"()".repeat(5000)}`, "limit-depth"],
  "5,000 conditions": [`${"1 if 1 else ".repeat(1300)}1`, "limit-depth"],
  "a sum of 16,000 characters": [`1${"+1".repeat(8000)}`, "limit-nodes"],
  "a name of a million characters": ["a".repeat(1_000_000), "limit-length"],
  "a name of 16,000 characters": ["a".repeat(16_000), "limit-name-length"],
  "a shift by a billion": ["1 << 10**9", "limit-integer-bits"],
  "a shift by more than any memory": ["1 << 10**30", "limit-integer-bits"],
  "modular powers of wide numbers": ["pow(3**40000, 3**40000, 7**20000)", "limit-work"],
  "many products of wide numbers": [`${"9**20000 % 9**10000 + ".repeat(40)}0`, "limit-work"],
  "a hundred arguments": [`max(${"1,".repeat(100)})`, "limit-arguments"],
  "no bytes": ["1\0+1", "invalid-character"],
  "a lone surrogate": ["1 + \ud800", "invalid-character"],
  "a name of the object's own": ["__proto__", "unknown-name"],
  "a constructor": ["constructor", "unknown-name"],
  "a method": ["toString()", "unknown-name"],
  "an import": ["__import__('os').system('id')", "unsupported-syntax"],
};

/** Expressions of which the exact fractions would be wide. */
export const hostileToRationals: readonly string[] = [
  "(1/3)**20000",
  "1e-9999999 + 1",
  "(1/7 + 1/11) ** 9999",
  "2**-99999",
];

/** Expressions of which the decimals would be long, or nearly so. */
export const hostileToDecimals: readonly string[] = [
  "9**9**9**9",
  "1.1**1000000",
  "1e999999 % 7",
  "1e999999 + 1",
  "1e999999 * 1e999999",
  "round(1e-999999, 999999)",
  "sqrt(1e-999999)",
];

/** Thousands of one thing. */
export const unending: Readonly<Record<string, string>> = {
  lines: `(${"\n".repeat(16_000)}1)`,
  comments: `(${"#\n".repeat(8000)}1)`,
  "continued lines": `${"\\\n".repeat(8000)}1`,
  lambdas: `${"lambda:".repeat(2000)}1`,
  "conditions after a mistake": `(a b${" if 1 else 1".repeat(1300)})`,
  "brackets around a mistake": `${"(".repeat(198)}1 1${")".repeat(198)}`,
  lists: `${"[".repeat(199)}1${"]".repeat(199)}`,
  dots: `x${".x".repeat(8000)}`,
  strings: "''".repeat(8000),
};
