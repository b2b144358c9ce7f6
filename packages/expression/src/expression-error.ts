import { pythonTypeOf, type ErrorCode, type PythonType } from "./error-codes.ts";
import { lineAndColumn } from "./line-and-column.ts";
import { closestNames } from "./closest-names.ts";
import type { Span } from "./syntax-tree.ts";

/** What is known about an error beside its code and its message. */
export interface ErrorDetails {
  /** A second place that explains the first: the bracket that was never closed. */
  readonly related?: Span;
  /** What to write instead, in one sentence. */
  readonly hint?: string;
  /** What Python would say instead, where it has other words for it. */
  readonly pythonMessage?: string;
  /** For an unknown name: the names that would have been known. Only looked at when `suggestions` is read. */
  readonly knownNames?: () => Iterable<string>;
}

/**
 * Why an expression has no value. `message` is Python 3.11's text wherever Python has one; programs match on `code`.
 * Positions are UTF-16 offsets into `source`; `position` is for people.
 */
export class ExpressionError extends Error {
  readonly code: ErrorCode;
  /** The Python exception that this is. */
  readonly pythonType: PythonType;
  /** The text in which the error stands. */
  readonly source: string;
  /** The part of the text that is at fault. */
  readonly span: Span;
  /** A second place that explains the first. */
  readonly related: Span | undefined;
  /** What to write instead. */
  readonly hint: string | undefined;
  readonly #pythonMessage: string | undefined;
  readonly #knownNames: (() => Iterable<string>) | undefined;

  constructor(code: ErrorCode, message: string, source: string, span: Span, details: ErrorDetails = {}) {
    super(message);
    this.name = "ExpressionError";
    this.code = code;
    this.pythonType = pythonTypeOf(code);
    this.source = source;
    this.span = { start: span.start, end: span.end };
    this.related = details.related;
    this.hint = details.hint;
    this.#pythonMessage = details.pythonMessage;
    this.#knownNames = details.knownNames;
  }

  /** What Python's `str(error)` prints: for a syntax error the message with ` (<string>, line 1)`. */
  get pythonMessage(): string {
    if (this.#pythonMessage !== undefined) return this.#pythonMessage;
    if (this.pythonType !== "SyntaxError" && this.pythonType !== "IndentationError") return this.message;
    return `${this.message} (<string>, line ${this.code === "empty" ? 0 : this.position.line})`;
  }

  /**
   * Where the span starts, for people: both count from 1, columns in code points. One property, because JavaScriptCore
   * puts a `line` and a `column` of its own on every error.
   */
  get position(): { readonly line: number; readonly column: number } {
    const { line, column } = lineAndColumn(this.source, this.span.start);
    return { line, column };
  }

  /** Known names that look like the unknown one, the closest first, at most three. Worked out when read. */
  get suggestions(): readonly string[] {
    if (this.#knownNames === undefined) return [];
    return closestNames(this.source.slice(this.span.start, this.span.end), this.#knownNames());
  }

  /** The facts, for a log or another process. */
  toJSON(): Record<string, unknown> {
    const { code, message, pythonType, pythonMessage, span, position, related, hint, suggestions } = this;
    return { code, message, pythonType, pythonMessage, span, position, related, hint, suggestions };
  }
}
