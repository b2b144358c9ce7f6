import { describe, expect, test } from "vitest";
import { hostile, hostileToDecimals, hostileToRationals, unending } from "./hostile-texts.ts";
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
  type Outcome,
} from "@tallyline/expression";

// That each is answered at all is the point here; how fast is for bench/hostile.ts to say.

describe.each(Object.entries(hostile))("%s", (_name, [text, code]) => {
  test("is refused by a code, both walked and compiled", () => {
    const outcome = calculate(text);
    expect(outcome.ok ? outcome.text.slice(0, 40) : outcome.error.code).toBe(code);
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

test.each(hostileToRationals)("rational %s is answered", (text) => {
  expect(isAnswered(createCalculator({ numbers: rational }).calculate(text))).toBe(true);
});

test.each(hostileToDecimals)("decimal %s is answered at the widest precision", (text) => {
  expect(isAnswered(createCalculator({ numbers: decimal({ precision: 1000 }) }).calculate(text))).toBe(true);
});

test.each(Object.entries(unending))("thousands of %s overflow nothing", (_name, text) => {
  expect(isAnswered(calculate(text))).toBe(true);
  expect(isAnswered(createCalculator({ dialect: "calc" }).calculate(text))).toBe(true);
});

function isAnswered(outcome: Outcome<unknown>): boolean {
  return outcome.ok ? outcome.text !== "" : outcome.error.code !== undefined;
}

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
