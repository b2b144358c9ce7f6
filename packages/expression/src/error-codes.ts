// Every way in which an expression can be wrong, and which of Python's errors it is. docs/errors.md has a row for each.

/** Which of Python's exceptions an error is. */
export type PythonType =
  | "SyntaxError"
  | "IndentationError"
  | "NameError"
  | "TypeError"
  | "ValueError"
  | "ZeroDivisionError"
  | "OverflowError"
  | "RecursionError"
  | "MemoryError";

/** The stable name of an error. Codes are added, never reused. */
export type ErrorCode = SyntaxErrorCode | OtherErrorCode;

/** Of Python's `SyntaxError`. */
type SyntaxErrorCode =
  | "empty"
  | "unexpected-token"
  | "unclosed-bracket"
  | "unmatched-bracket"
  | "invalid-character"
  | "invalid-number"
  | "unterminated-string"
  | "missing-comma"
  | "missing-else"
  | "assignment"
  | "starred-expression"
  | "unsupported-syntax"
  | "limit-parentheses"
  | "limit-name-length"
  | "limit-literal-digits";

type OtherErrorCode =
  | "unexpected-indent"
  | "unknown-name"
  | "not-callable"
  | "wrong-arity"
  | "operand-type"
  | "argument-type"
  | "division-by-zero"
  | "int-too-large-for-float"
  | "float-overflow"
  | "not-an-integer"
  | "nan-to-integer"
  | "negative-shift"
  | "complex-result"
  | "domain"
  | "inexact"
  | "decimal-overflow"
  | "limit-length"
  | "limit-nodes"
  | "limit-depth"
  | "limit-result-digits"
  | "limit-integer-bits"
  | "limit-work"
  | "limit-arguments";

/** Python's exception for a code. A limit that Python does not have is the exception closest in meaning. */
export function pythonTypeOf(code: ErrorCode): PythonType {
  return otherTypes[code] ?? "SyntaxError";
}

const otherTypes: Readonly<Partial<Record<ErrorCode, PythonType>>> = {
  "unexpected-indent": "IndentationError",
  "unknown-name": "NameError",
  "not-callable": "TypeError",
  "wrong-arity": "TypeError",
  "operand-type": "TypeError",
  "argument-type": "TypeError",
  "division-by-zero": "ZeroDivisionError",
  "int-too-large-for-float": "OverflowError",
  "float-overflow": "OverflowError",
  "not-an-integer": "OverflowError",
  "nan-to-integer": "ValueError",
  "negative-shift": "ValueError",
  "complex-result": "ValueError",
  domain: "ValueError",
  inexact: "ValueError",
  "decimal-overflow": "OverflowError",
  "limit-length": "MemoryError",
  "limit-nodes": "MemoryError",
  "limit-depth": "RecursionError",
  "limit-result-digits": "ValueError",
  "limit-integer-bits": "ValueError",
  "limit-work": "MemoryError",
  "limit-arguments": "TypeError",
} satisfies Record<OtherErrorCode, PythonType>;
