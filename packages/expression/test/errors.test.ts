import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  createCalculator,
  decimal,
  explainPythonSyntax,
  rational,
  renderError,
  type ErrorCode,
  type ExpressionError,
} from "@tallyline/expression";

function errorOf(text: string, options: object = {}): ExpressionError {
  const outcome = createCalculator({ explain: explainPythonSyntax, ...options }).calculate(text);
  if (outcome.ok) throw new Error(`${text} is ${outcome.text}`);
  return outcome.error;
}

interface Case {
  readonly text: string;
  readonly span: readonly [start: number, end: number];
  /** What Python's str() of the error is, or what comes closest to it. */
  readonly python: string;
  readonly options?: object;
}

const cases: Readonly<Record<ErrorCode, Case>> = {
  empty: { text: "  ", span: [2, 2], python: "invalid syntax (<string>, line 0)" },
  "unexpected-token": { text: "2 + * 3", span: [4, 5], python: "invalid syntax (<string>, line 1)" },
  "unclosed-bracket": { text: "3 * (4 + (5 - 2)", span: [4, 5], python: "'(' was never closed (<string>, line 1)" },
  "unmatched-bracket": { text: "1 + 2)", span: [5, 6], python: "unmatched ')' (<string>, line 1)" },
  "invalid-character": { text: "2 × 3", span: [2, 3], python: "invalid character '×' (U+00D7) (<string>, line 1)" },
  "invalid-number": { text: "1 + 2x", span: [4, 6], python: "invalid decimal literal (<string>, line 1)" },
  "unterminated-string": {
    text: "5'",
    span: [1, 2],
    python: "unterminated string literal (detected at line 1) (<string>, line 1)",
  },
  "missing-comma": {
    text: "max(1 2)",
    span: [4, 7],
    python: "invalid syntax. Perhaps you forgot a comma? (<string>, line 1)",
  },
  "missing-else": { text: "1 if 2", span: [0, 6], python: "expected 'else' after 'if' expression (<string>, line 1)" },
  assignment: {
    text: "(1=0)",
    span: [1, 2],
    python: "cannot assign to literal here. Maybe you meant '==' instead of '='? (<string>, line 1)",
  },
  "starred-expression": { text: "(*1)", span: [1, 3], python: "cannot use starred expression here (<string>, line 1)" },
  "unexpected-indent": { text: "1\n 2", span: [2, 3], python: "unexpected indent (<string>, line 2)" },
  "unsupported-syntax": {
    text: "1 + [2]",
    span: [4, 5],
    python: "a list or subscript cannot be used in an expression here (<string>, line 1)",
  },
  "unknown-name": { text: "2 * sqr(16)", span: [4, 7], python: "name 'sqr' is not defined" },
  "not-callable": { text: "2 (3)", span: [0, 5], python: "'int' object is not callable" },
  "wrong-arity": { text: "abs(1, 2)", span: [0, 9], python: "abs() takes exactly one argument (2 given)" },
  "operand-type": { text: "5.0 ^ 2", span: [0, 7], python: "unsupported operand type(s) for ^: 'float' and 'int'" },
  "argument-type": { text: "max(5)", span: [0, 6], python: "'int' object is not iterable" },
  "division-by-zero": { text: "1 + 1/0", span: [4, 7], python: "division by zero" },
  "int-too-large-for-float": { text: "10**400 * 1.0", span: [0, 13], python: "int too large to convert to float" },
  "float-overflow": { text: "10.0**400", span: [0, 9], python: "(34, 'Numerical result out of range')" },
  "not-an-integer": { text: "int(1e400)", span: [0, 10], python: "cannot convert float infinity to integer" },
  "nan-to-integer": { text: "int(1e400-1e400)", span: [0, 16], python: "cannot convert float NaN to integer" },
  "negative-shift": { text: "1 << -1", span: [0, 7], python: "negative shift count" },
  "complex-result": {
    text: "(-8) ** 0.5",
    span: [0, 11],
    python: "a negative number cannot be raised to a fractional power: the result is complex",
  },
  domain: { text: "pow(2, 3, 0)", span: [0, 12], python: "pow() 3rd argument cannot be 0" },
  inexact: { text: "2 ** 0.5", span: [0, 8], python: "a power of 1/2 is not exact", options: { numbers: rational } },
  "decimal-overflow": {
    text: "1e999999 * 10",
    span: [0, 13],
    python: "result is over 1E+1000000",
    options: { numbers: decimal() },
  },
  "limit-length": {
    text: "1 + 2 + 3",
    span: [5, 9],
    python: "expression is 9 characters, limit is 5",
    options: { limits: { maxLength: 5 } },
  },
  "limit-nodes": {
    text: "1 + 2 + 3",
    span: [8, 9],
    python: "expression has 4 operands and operators, limit is 3",
    options: { limits: { maxNodes: 3 } },
  },
  "limit-depth": {
    text: "---1",
    span: [3, 4],
    python: "expression is nested 3 deep, limit is 2",
    options: { limits: { maxDepth: 2 } },
  },
  "limit-parentheses": {
    text: `${"(".repeat(201)}1`,
    span: [200, 201],
    python: "too many nested parentheses (<string>, line 1)",
  },
  "limit-name-length": {
    text: "abcdef",
    span: [0, 6],
    python: "name is over 5 characters, limit is 5 (<string>, line 1)",
    options: { limits: { maxNameLength: 5 } },
  },
  "limit-literal-digits": {
    text: "12345678901234567890123",
    span: [0, 23],
    python:
      "Exceeds the limit (20 digits) for integer string conversion: value has 23 digits; use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to avoid decimal conversion limits. (<string>, line 1)",
    options: { limits: { maxLiteralDigits: 20 } },
  },
  "limit-result-digits": {
    text: "10**4300",
    span: [0, 8],
    python:
      "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit",
  },
  "limit-integer-bits": {
    text: "9**9**9**9",
    span: [3, 10],
    python:
      "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit",
  },
  "limit-work": {
    text: "9**99 * 9**99",
    span: [0, 5],
    python: "evaluation would take 49 units of work, limit is 10",
    options: { limits: { maxWork: 10 } },
  },
  "limit-arguments": {
    text: "max(1, 2, 3)",
    span: [3, 4],
    python: "call has 3 arguments, limit is 2",
    options: { limits: { maxArguments: 2 } },
  },
};

describe.each(Object.entries(cases))("%s", (code, { text, span, python, options }) => {
  test("has its code, its place and Python's words", () => {
    const error = errorOf(text, options);
    expect([error.code, [error.span.start, error.span.end], error.pythonMessage]).toEqual([code, span, python]);
  });

  test("has a row in docs/errors.md", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8");
    expect(docs).toMatch(new RegExp(`^\\| \`${code}\` +\\|`, "m"));
  });
});

test("an unknown name suggests names that are close, and only when asked", () => {
  expect(errorOf("rond(2.5)").suggestions).toEqual(["round"]);
  expect(errorOf("Abss(2.5)").suggestions).toEqual(["abs"]);
  expect(errorOf("banana").suggestions).toEqual([]);
  expect(errorOf("1/0").suggestions).toEqual([]);
});

test("rendering shows the line, a caret under the fault and what may help", () => {
  expect(renderError(errorOf("2 * abss(16) + 1"))).toBe(
    [
      "error[unknown-name]: name 'abss' is not defined",
      "  |",
      "1 | 2 * abss(16) + 1",
      "  |     ^^^^",
      "  = did you mean 'abs'?",
    ].join("\n"),
  );
  expect(renderError(errorOf("(1 + 2]"))).toBe(
    [
      "error[unmatched-bracket]: closing parenthesis ']' does not match opening parenthesis '('",
      "  |",
      "1 | (1 + 2]",
      "  |       ^",
      "  | - opened here",
    ].join("\n"),
  );
});

test.each<[text: string, ...marks: string[]]>([
  ["3 * (4 + (5 - 2)", "    ^           ^ expected ')' here", "    opened here"],
  ["max(1, [2, 3", "       ^    ^ expected ']' here", "       opened here"],
  ["(", "^^ expected ')' here", "opened here"],
  ["(1 +\n2", "^"],
])("an opening bracket without its partner is shown with where that should be: %j", (text, ...marks) => {
  const [, , , ...lines] = renderError(errorOf(text)).split("\n");
  expect(lines).toEqual(marks.map((mark) => `  | ${mark}`));
});

test("carets stand under wide characters, and control characters are shown as what they are not", () => {
  expect(renderError(errorOf("(1 +\n日本 + 1)")).split("\n").slice(2)).toEqual(["2 | 日本 + 1)", "  | ^^^^"]);
  expect(renderError(errorOf("1 + \u0007")).split("\n")[2]).toBe("1 | 1 + �");
  expect(errorOf("1 + 2 + 𝟙x").position.column).toBe(9);
  expect(errorOf("𝒳 + 𝒴 * / 2").position.column).toBe(9);
});

test("a long line is cut around the fault", () => {
  const [, , line, caret] = renderError(errorOf(`${"1+".repeat(200)}zz${"+1".repeat(200)}`), { width: 20 }).split("\n");
  expect(line).toBe("1 | …1+1+1+1+1+zz+1+1+1+1…");
  expect(caret!.indexOf("^")).toBe(line!.indexOf("zz"));
  expect(() => renderError(errorOf("zz"), { width: 3 })).toThrow(RangeError);
});

test("an error is plain data as JSON", () => {
  expect(JSON.parse(JSON.stringify(errorOf("1/0")))).toEqual({
    code: "division-by-zero",
    message: "division by zero",
    pythonType: "ZeroDivisionError",
    pythonMessage: "division by zero",
    span: { start: 0, end: 3 },
    position: { line: 1, column: 1 },
    suggestions: [],
  });
});
