import { describe, expect, test } from "vitest";
import {
  calculate,
  compile,
  createCalculator,
  decimal,
  evaluate,
  explainPythonSyntax,
  ExpressionError,
  format,
  parse,
  rational,
} from "@tallyline/expression";

// What chat bots and calculators have been brought down with. How fast each is answered is a benchmark's to say; what
// takes this long hangs.
const patienceMs = 10_000;

const hostile: Readonly<Record<string, readonly [text: string, code: string]>> = {
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

describe.each(Object.entries(hostile))("%s", (_name, [text, code]) => {
  test("is refused soon, by a code, both walked and compiled", () => {
    const start = performance.now();
    const outcome = calculate(text);
    expect(outcome.ok ? outcome.text.slice(0, 40) : outcome.error.code).toBe(code);
    expect(performance.now() - start).toBeLessThan(patienceMs);
    expect(compiledCode(text)).toBe(code);
  });
});

function compiledCode(text: string): string | undefined {
  try {
    const outcome = compile(text, { explain: explainPythonSyntax }).calculate();
    return outcome.ok ? undefined : outcome.error.code;
  } catch (error) {
    return (error as ExpressionError).code;
  }
}

test.each([
  ["1e999999", "inf"],
  [`1${"+1".repeat(4900)}`, "4901"],
  [`${"(".repeat(199)}1${")".repeat(199)}`, "1"],
  ["9**4000 % 1000", "1"],
  ["0 * 9**9", "0"],
])("%s is an answer", (text, wanted) => {
  const outcome = calculate(text.length > 20_000 ? "" : text);
  expect(outcome.ok ? outcome.text : outcome.error.message).toBe(wanted);
  expect(String(compile(text).evaluate())).toBe(wanted === "inf" ? "Infinity" : wanted);
});

test("a sum of 100,000 terms is computed where the limits let it", () => {
  const limits = { maxLength: 1_000_000, maxNodes: 1_000_000 };
  const text = `1${"+1".repeat(100_000)}`;
  expect(evaluate(text, { limits })).toBe(100_001n);
  expect(compile(text, { limits }).evaluate()).toBe(100_001n);
  const names = `x${"+x".repeat(100_000)}`;
  expect(compile(names, { limits }).evaluate({ x: 0.5 })).toBe(50_000.5);
});

test.each<[nested: string, times: number]>([
  ["-(1+", 500],
  ["(1+", 1000],
  ["(", 1000],
  ["(1 if 1 else ", 1000],
  ["(0 or ", 1000],
  ["(1 <", 1000],
  ["max(1, 2, ", 500],
  ["max(1, -", 333],
])("the deepest allowed nesting of %s fits the stack", (nested, times) => {
  const limits = { maxDepth: 1000, maxNodes: 100_000 };
  const deep = (count: number) => `${nested.repeat(count)}1${")".repeat(count)}`;
  const wanted = evaluate(deep(times), { limits });
  expect(compile(deep(times), { limits }).evaluate()).toBe(wanted);
  expect(format(parse(deep(times), { limits }))).toContain("1");
  expect(() => evaluate(deep(times + 1), { limits })).toThrow(ExpressionError);
});

test.each(["(1/3)**20000", "1e-9999999 + 1", "(1/7 + 1/11) ** 9999", "2**-99999"])("rational %s ends soon", (text) => {
  const start = performance.now();
  createCalculator({ numbers: rational }).calculate(text);
  expect(performance.now() - start).toBeLessThan(patienceMs);
});

test.each([
  "9**9**9**9",
  "1.1**1000000",
  "1e999999 % 7",
  "1e999999 + 1",
  "1e999999 * 1e999999",
  "round(1e-999999, 999999)",
  "sqrt(1e-999999)",
])("decimal %s ends soon at the widest precision", (text) => {
  const start = performance.now();
  createCalculator({ numbers: decimal({ precision: 1000 }) }).calculate(text);
  expect(performance.now() - start).toBeLessThan(patienceMs);
});

test.each([
  ["lines", `(${"\n".repeat(16_000)}1)`],
  ["comments", `(${"#\n".repeat(8000)}1)`],
  ["continued lines", `${"\\\n".repeat(8000)}1`],
  ["lambdas", `${"lambda:".repeat(2000)}1`],
  ["conditions after a mistake", `(a b${" if 1 else 1".repeat(1300)})`],
  ["brackets around a mistake", `${"(".repeat(198)}1 1${")".repeat(198)}`],
  ["lists", `${"[".repeat(199)}1${"]".repeat(199)}`],
  ["dots", `x${".x".repeat(8000)}`],
  ["strings", "''".repeat(8000)],
])("thousands of %s overflow nothing", (_name, text) => {
  const start = performance.now();
  calculate(text);
  createCalculator({ dialect: "calc" }).calculate(text);
  expect(performance.now() - start).toBeLessThan(patienceMs);
});

test("sums in sums fit the stack, compiled and walked", () => {
  const limits = { maxDepth: 1000, maxNodes: 100_000, maxLength: 100_000 };
  const text = `${"-(".repeat(330)}x${`${"+x".repeat(63)})`.repeat(330)}`;
  const variables = { x: 1n };
  expect(compile(text, { limits }).evaluate(variables)).toBe(evaluate(text, { limits, variables }));
});

test("limits are per evaluation: an error leaves nothing behind", () => {
  const calculator = createCalculator();
  for (let round = 0; round < 3; round++) {
    expect((calculator.calculate("pow(3**40000, 3**40000, 7**20000)") as { error: ExpressionError }).error.code).toBe(
      "limit-work",
    );
    expect(calculator.evaluate("2 + 2")).toBe(4n);
  }
});
