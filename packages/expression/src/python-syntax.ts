// Why a text is not an expression, in the words of CPython 3.11. Runs only after the parser has refused a text.

import { ExpressionError, type ErrorDetails } from "./expression-error.ts";
import { Found, Grammar, neverClosed } from "./python-grammar.ts";
import { pythonTokens, type PythonFault } from "./python-tokens.ts";
import type { Span } from "./syntax-tree.ts";

/** The error for a text that the parser refused at `stop`: CPython's, or that the construct there is not arithmetic. */
export function explainPythonSyntax(source: string, stop: Span, details: ErrorDetails): ExpressionError {
  const indent = /^[ \t]*/.exec(source)![0].length;
  const fault = faultOf(source.slice(indent));
  if (fault === undefined) return unsupported(source, stop);
  const { code, message, related } = fault;
  const span = { start: fault.start + indent, end: fault.end + indent };
  const isSamePlace = span.start === stop.start;
  return new ExpressionError(source.slice(indent) === "" ? "empty" : code, message, source, span, {
    ...(isSamePlace && code === "unexpected-token" && details.hint !== undefined && { hint: details.hint }),
    ...(related !== undefined && { related: { start: related.start + indent, end: related.end + indent } }),
  });
}

function faultOf(source: string): PythonFault | undefined {
  if (source.includes("\0")) {
    const start = source.indexOf("\0");
    return {
      code: "invalid-character",
      message: "source code string cannot contain null bytes",
      start,
      end: start + 1,
    };
  }
  const scanned = pythonTokens(source);
  if (!("tokens" in scanned)) return scanned;
  const first = new Grammar(scanned.tokens, scanned.open, false);
  try {
    if (first.isExpression()) return undefined;
    const last = scanned.tokens[first.furthest]!;
    const second = new Grammar(scanned.tokens, scanned.open, true);
    second.isExpression();
    if (last.kind === "indent") {
      return { code: "unexpected-indent", message: "unexpected indent", start: last.start, end: last.end };
    }
    const unclosed = scanned.open.at(-1);
    const isLater = unclosed !== undefined && source.slice(unclosed.start, last.start).includes("\n");
    if (isLater) return neverClosed(unclosed, last);
    return { code: "unexpected-token", message: "invalid syntax", start: last.start, end: last.end };
  } catch (error) {
    if (error instanceof Found) return error.fault;
    throw error;
  }
}

function unsupported(source: string, { start, end }: Span): ExpressionError {
  const text = source.slice(start);
  const [, what, hint] = constructs.find(([pattern]) => pattern.test(text)) ?? [undefined, "this construct"];
  const details = hint === undefined ? {} : { hint };
  return new ExpressionError(
    "unsupported-syntax",
    `${what} cannot be used in an expression here`,
    source,
    { start, end },
    details,
  );
}

/** What a valid piece of Python is that is no arithmetic, by how the text goes on where the parser stopped. */
const constructs: readonly (readonly [pattern: RegExp, what: string, hint?: string])[] = [
  [/^[bruf]{0,2}['"]/i, "a string"],
  [/^\[/, "a list or subscript"],
  [/^\{/, "a dictionary or set"],
  [/^,/, "a tuple", "write 1.5 with a point, and 1_000 or 1000 without a comma"],
  [/^\.\.\./, "'...'"],
  [/^\./, "an attribute"],
  [/^\d/, "a complex number"],
  [/^(?::=|=)/, "an assignment"],
  [/^\*/, "a starred argument"],
  [/^(?:lambda|is|in|not|for|None|await|async)\b/, "Python beyond arithmetic"],
  [/^\)/, "an empty tuple"],
];
