// The values of Python's arithmetic as evaluation holds them. A small int must be as cheap as a JavaScript number and
// still be told from a float, so the float is the one in a box; compiled expressions, which know their types, need none.

import { floatText } from "./float-text.ts";
import { toInteger, type Integer } from "./integer.ts";
import { printingRefused, type Run } from "./number-system.ts";
import type { Span } from "./syntax-tree.ts";

/** A Python float in evaluation. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** int | float | bool. */
export type PythonInternal = Integer | Float | boolean;

/** A Python value outside of evaluation: `bigint` is an int, `number` a float, `boolean` a bool. */
export type PythonValue = bigint | number | boolean;

export function fromPublic(value: unknown): PythonInternal {
  if (typeof value === "bigint") return toInteger(value);
  if (typeof value === "number") return new Float(value);
  if (typeof value === "boolean") return value;
  throw new TypeError(`value is ${value === null ? "null" : typeof value}, must be a bigint, a number or a boolean`);
}

export function toPublic(value: PythonInternal): PythonValue {
  if (typeof value === "number") return BigInt(value);
  return value instanceof Float ? value.value : value;
}

/** `int`, `float` or `bool`. */
export function typeName(value: PythonInternal): string {
  return value instanceof Float ? "float" : typeof value === "boolean" ? "bool" : "int";
}

/** What Python's `str` prints. Integers over the digit limit are refused before they are converted. */
export function toText(run: Run, at: Span, value: PythonInternal): string {
  if (typeof value === "number") return String(value);
  if (value instanceof Float) return floatText(value.value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return integerText(run, at, value);
}

function integerText(run: Run, at: Span, value: bigint): string {
  const limit = run.limits.maxResultDigits;
  const magnitude = value < 0n ? -value : value;
  // An integer of 2^63 or more has 19 digits at least, and one of `limit` digits is below 10^limit.
  if (limit < 19 || (magnitude >= 2n ** 64n && magnitude >= powerOfTen(limit))) {
    const text = magnitude < 2n ** 1024n ? magnitude.toString() : undefined;
    if (text === undefined || text.length > limit) {
      run.fail("limit-result-digits", printingRefused(limit), at);
    }
  }
  return value.toString();
}

const defaultBound = 10n ** 4300n;

function powerOfTen(digits: number): bigint {
  return digits === 4300 ? defaultBound : 10n ** BigInt(Math.min(digits, 400_000));
}
