// The functions that Python has without any import: abs, float, int, max, min, pow, round.

import { roundHalfEven, roundToDigits } from "./float.ts";
import * as integer from "./integer.ts";
import type { Integer } from "./integer.ts";
import type { Run, SystemFunction } from "./number-system.ts";
import { binary, compare, toFloat, toInt } from "./python-arithmetic.ts";
import { Float, typeName, type PythonInternal } from "./python-value.ts";
import type { Span } from "./syntax-tree.ts";

type PythonFunction = SystemFunction<PythonInternal>;

export const pythonFunctions: ReadonlyMap<string, PythonFunction> = new Map<string, PythonFunction>([
  ["abs", absolute],
  ["float", float],
  ["int", int],
  ["max", (run, call, values) => extreme(run, call, values, "max", ">")],
  ["min", (run, call, values) => extreme(run, call, values, "min", "<")],
  ["pow", power],
  ["round", round],
]);

function absolute(run: Run, call: Span, values: readonly PythonInternal[]): PythonInternal {
  if (values.length !== 1) {
    run.fail("wrong-arity", `abs() takes exactly one argument (${values.length} given)`, call);
  }
  const value = values[0]!;
  if (value instanceof Float) return new Float(Math.abs(value.value));
  const whole = toInt(value);
  return typeof whole === "number" ? Math.abs(whole) : whole < 0n ? -whole : whole;
}

function float(run: Run, call: Span, values: readonly PythonInternal[]): PythonInternal {
  if (values.length > 1) run.fail("wrong-arity", `float expected at most 1 argument, got ${values.length}`, call);
  const value = values[0] ?? 0;
  return value instanceof Float ? value : new Float(toFloat(run, call, value));
}

function int(run: Run, call: Span, values: readonly PythonInternal[]): PythonInternal {
  if (values.length > 2) run.fail("wrong-arity", `int() takes at most 2 arguments (${values.length} given)`, call);
  const [value = 0, base] = values;
  if (base instanceof Float) refuseIndex(run, call, base);
  if (base !== undefined) run.fail("argument-type", "int() can't convert non-string with explicit base", call);
  return value instanceof Float ? fromFloat(run, call, Math.trunc(value.value)) : toInt(value);
}

function extreme(
  run: Run,
  call: Span,
  values: readonly PythonInternal[],
  name: string,
  operator: "<" | ">",
): PythonInternal {
  const [first, ...others] = values;
  if (first === undefined) return run.fail("wrong-arity", `${name} expected at least 1 argument, got 0`, call);
  if (others.length === 0) return run.fail("argument-type", `'${typeName(first)}' object is not iterable`, call);
  let best = first;
  for (const other of others) if (compare(operator, other, best)) best = other;
  return best;
}

function power(run: Run, call: Span, values: readonly PythonInternal[]): PythonInternal {
  const [base, exponent, modulus] = values;
  if (base === undefined || exponent === undefined) {
    const missing = base === undefined ? "'base' (pos 1)" : "'exp' (pos 2)";
    return run.fail("wrong-arity", `pow() missing required argument ${missing}`, call);
  }
  if (values.length > 3) run.fail("wrong-arity", `pow() takes at most 3 arguments (${values.length} given)`, call);
  if (modulus === undefined) {
    return binary(run, { operator: "**", start: call.start, end: call.end }, base, exponent);
  }
  if (base instanceof Float || exponent instanceof Float || modulus instanceof Float) {
    return run.fail("argument-type", "pow() 3rd argument not allowed unless all arguments are integers", call);
  }
  return modularPower(run, call, toInt(base), toInt(exponent), toInt(modulus));
}

function modularPower(run: Run, call: Span, base: Integer, exponent: Integer, modulus: Integer): Integer {
  if (modulus === 0) run.fail("domain", "pow() 3rd argument cannot be 0", call);
  const wideModulus = BigInt(modulus);
  const size = wideModulus < 0n ? -wideModulus : wideModulus;
  let square = BigInt(integer.modulo(run, call, base, integer.toInteger(size)));
  let rest = BigInt(exponent);
  if (rest < 0n) {
    square = inverse(run, call, square, size);
    rest = -rest;
  }
  const limbs = integer.productWork(integer.bitsOf(size), integer.bitsOf(size));
  run.spend(integer.bitsOf(rest) * 4 * limbs, call);
  let result = 1n % size;
  for (; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % size;
    square = (square * square) % size;
  }
  return integer.modulo(run, call, integer.toInteger(result), modulus);
}

/** The number that times `value` is 1, modulo `modulus` (extended Euclid). */
function inverse(run: Run, call: Span, value: bigint, modulus: bigint): bigint {
  const bits = integer.bitsOf(modulus);
  run.spend(bits * Math.ceil(bits / 64) * 4, call);
  let [a, b] = [value, modulus];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  if (a !== 1n) run.fail("domain", "base is not invertible for the given modulus", call);
  return x < 0n ? x + modulus : x;
}

function round(run: Run, call: Span, values: readonly PythonInternal[]): PythonInternal {
  if (values.length > 2) run.fail("wrong-arity", `round() takes at most 2 arguments (${values.length} given)`, call);
  const [value, places] = values;
  if (value === undefined) return run.fail("wrong-arity", "round() missing required argument 'number' (pos 1)", call);
  if (places instanceof Float) refuseIndex(run, call, places);
  if (!(value instanceof Float)) return roundInt(run, call, toInt(value), toInt(places ?? 0));
  if (places === undefined) return fromFloat(run, call, roundHalfEven(value.value));
  const rounded = roundToDigits(value.value, Math.max(-400, Math.min(400, Number(toInt(places)))));
  if (Math.abs(rounded) === Infinity && Number.isFinite(value.value)) {
    run.fail("float-overflow", "rounded value too large to represent", call);
  }
  return new Float(rounded);
}

/** To tens, hundreds and so on when `places` is negative; an int has no digits after the point. */
function roundInt(run: Run, call: Span, value: Integer, places: Integer): Integer {
  if (places >= 0) return value;
  const bits = integer.bitsOf(BigInt(value));
  // Half of the unit is already more than the value.
  if (-Number(places) > bits * 0.302 + 2) return 0;
  run.spend(4 * integer.productWork(bits, bits), call);
  const unit = 10n ** BigInt(-Number(places));
  return integer.toInteger(integer.divideHalfEven(BigInt(value), unit) * unit);
}

/** A whole float as an int, exactly. */
function fromFloat(run: Run, at: Span, value: number): Integer {
  if (Number.isNaN(value)) run.fail("nan-to-integer", "cannot convert float NaN to integer", at);
  if (!Number.isFinite(value)) run.fail("not-an-integer", "cannot convert float infinity to integer", at);
  return Number.isSafeInteger(value) ? value + 0 : integer.toInteger(BigInt(value));
}

function refuseIndex(run: Run, call: Span, value: PythonInternal): never {
  return run.fail("argument-type", `'${typeName(value)}' object cannot be interpreted as an integer`, call);
}
