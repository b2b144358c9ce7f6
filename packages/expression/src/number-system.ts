// What arithmetic an expression is worth: the seam between the language and its numbers.

import { ExpressionError, type ErrorDetails } from "./expression-error.ts";
import type { ErrorCode } from "./error-codes.ts";
import type { Limits } from "./limits.ts";
import type { BinaryOperator, ComparisonOperator, NumberToken, Operation, Span, UnaryOperator } from "./syntax-tree.ts";

/**
 * One kind of numbers. `Internal` is what evaluation computes with, never `undefined`, `null` or a function; `Public` what
 * callers give and get. An operation checks what it would cost against `run` before it begins. It does nothing but give a
 * value, for it may be done in vain, and keeps none of the objects that say where it is.
 */
export interface NumberSystem<Internal, Public> {
  /** `python`, `rational` or `decimal`. */
  readonly name: string;
  /** The value of a literal, as it is written. */
  literal(run: Run, token: NumberToken): Internal;
  /** The value that stands for true or false. */
  boolean(value: boolean): Internal;
  /** The value of one operator with its operand: `-x`, `+x`, `~x`, `not x`, `x!`. */
  unary(run: Run, at: Operation<UnaryOperator>, operand: Internal): Internal;
  /** The value of an operator between two values. */
  binary(run: Run, at: Operation<BinaryOperator>, left: Internal, right: Internal): Internal;
  /** Whether a comparison holds. */
  compare(operator: ComparisonOperator, left: Internal, right: Internal): boolean;
  /** Whether a value counts as true in `and`, `or`, `not` and conditions. */
  isTrue(value: Internal): boolean;
  /** What Python would call the value's type, for messages. */
  typeName(value: Internal): string;
  /** The functions that are always there. */
  readonly functions: ReadonlyMap<string, SystemFunction<Internal>>;
  /** A caller's value. @throws {TypeError} when it is none of this system's. */
  fromPublic(value: unknown): Internal;
  /** The value as a caller gets it. */
  toPublic(value: Internal): Public;
  /** The value as Python's `str` would print it. */
  toText(run: Run, node: Span, value: Internal): string;
}

/** A function that the number system brings with it. */
export type SystemFunction<Internal> = (run: Run, call: Span, values: readonly Internal[]) => Internal;

const noVariables = {};

/** One evaluation: its limits, what it has spent, and where errors are to point. */
export class Run {
  readonly source: string;
  readonly limits: Limits;
  /** What is left of the work that may be done. */
  workLeft: number;

  /** Variables of a compiled expression, for suggestions; elsewhere the scope has them. */
  readonly given: object;

  constructor(source: string, limits: Limits, given: object = noVariables) {
    this.given = given;
    this.source = source;
    this.limits = limits;
    this.workLeft = limits.maxWork;
  }

  /** What was typed there. */
  textOf({ start, end }: Span): string {
    return this.source.slice(start, end);
  }

  /** Takes `units` from the budget before the work is done. */
  spend(units: number, at: Span): void {
    this.workLeft -= units;
    if (this.workLeft >= 0) return;
    const { maxWork } = this.limits;
    this.fail(
      "limit-work",
      `evaluation would take ${Math.ceil(maxWork - this.workLeft)} units of work, limit is ${maxWork}`,
      at,
    );
  }

  /** Refuses an integer wider than the limit, before it exists. */
  checkBits(bits: number, at: Span): void {
    const limit = this.limits.maxIntegerBits;
    if (bits <= limit) return;
    // Python would compute it, for as long as it takes, and then refuse to print it.
    const pythonMessage = printingRefused(this.limits.maxResultDigits);
    this.fail("limit-integer-bits", `integer would need ${bits} bits, limit is ${limit}`, at, { pythonMessage });
  }

  /** Ends the evaluation. @throws ExpressionError always. */
  fail(code: ErrorCode, message: string, at: Span, details?: ErrorDetails): never {
    throw new ExpressionError(code, message, this.source, at, details);
  }
}

/** CPython's words for an integer that has too many digits to print (CVE-2020-10735). */
export function printingRefused(limit: number): string {
  return `Exceeds the limit (${limit} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit`;
}
