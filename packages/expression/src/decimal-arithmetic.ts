// The operations of the General Decimal Arithmetic specification that expressions have. Every one computes an exact or
// safely longer result and rounds it once to the precision.

import { Decimal, DecimalFailure, digitCount, maxExponent, roundAway, type Rounding } from "./decimal-value.ts";

/** To how many digits results are rounded, and how. */
export interface DecimalContext {
  readonly precision: number;
  readonly rounding: Rounding;
}

/** The nearest value that the context can hold. */
function finish(context: DecimalContext, isNegative: boolean, coefficient: bigint, exponent: number): Decimal {
  const { precision, rounding } = context;
  const least = -maxExponent - precision + 1;
  if (coefficient === 0n) return new Decimal(isNegative, 0n, Math.min(Math.max(exponent, least), maxExponent));
  const drop = Math.max(digitCount(coefficient) - precision, least - exponent, 0);
  let kept = roundAway(coefficient, drop, isNegative, rounding);
  let keptExponent = exponent + drop;
  if (digitCount(kept) > precision) {
    kept /= 10n;
    keptExponent += 1;
  }
  if (keptExponent + digitCount(kept) - 1 > maxExponent) {
    throw new DecimalFailure("decimal-overflow", `result is over 1E+${maxExponent + 1}`);
  }
  return new Decimal(isNegative, kept, keptExponent);
}

export function plus(context: DecimalContext, value: Decimal): Decimal {
  const isNegative = value.isNegative && (value.coefficient !== 0n || context.rounding === "floor");
  return finish(context, isNegative, value.coefficient, value.exponent);
}

export function minus(context: DecimalContext, value: Decimal): Decimal {
  const isZero = value.coefficient === 0n;
  const isNegative = isZero ? context.rounding === "floor" : !value.isNegative;
  return finish(context, isNegative, value.coefficient, value.exponent);
}

export function add(context: DecimalContext, a: Decimal, b: Decimal): Decimal {
  const isFloor = context.rounding === "floor";
  const exponent = Math.min(a.exponent, b.exponent);
  if (a.coefficient === 0n && b.coefficient === 0n) {
    const isNegative = isFloor ? a.isNegative || b.isNegative : a.isNegative && b.isNegative;
    return finish(context, isNegative, 0n, exponent);
  }
  if (a.coefficient === 0n || b.coefficient === 0n) {
    const value = a.coefficient === 0n ? b : a;
    return withExponent(context, value, Math.max(exponent, value.exponent - context.precision - 1));
  }
  const [left, right] = aligned(context, a, b);
  const sum = signed(left) + signed(right);
  if (sum === 0n) return finish(context, isFloor, 0n, exponent);
  return finish(context, sum < 0n, sum < 0n ? -sum : sum, left.exponent);
}

/** As `value`, with more zeros at its end where there is room for them. */
function withExponent(context: DecimalContext, value: Decimal, exponent: number): Decimal {
  const zeros = value.exponent - exponent;
  if (zeros <= 0) return finish(context, value.isNegative, value.coefficient, value.exponent);
  return finish(context, value.isNegative, value.coefficient * 10n ** BigInt(zeros), exponent);
}

/**
 * Both with one exponent. A number far below the other's last digit only decides the rounding, so one digit stands for
 * it: `1e999999 + 1` makes no coefficient of a million digits.
 */
function aligned(context: DecimalContext, a: Decimal, b: Decimal): [Decimal, Decimal] {
  const [high, low] = a.exponent > b.exponent ? [a, b] : [b, a];
  const reach = high.exponent + Math.min(-1, digitCount(high.coefficient) - context.precision - 2);
  const isFar = digitCount(low.coefficient) + low.exponent - 1 < reach;
  const stand = isFar ? new Decimal(low.isNegative, 1n, reach) : low;
  const scaled = high.coefficient * 10n ** BigInt(high.exponent - stand.exponent);
  return [new Decimal(high.isNegative, scaled, stand.exponent), stand];
}

function signed({ isNegative, coefficient }: Decimal): bigint {
  return isNegative ? -coefficient : coefficient;
}

export function multiply(context: DecimalContext, a: Decimal, b: Decimal): Decimal {
  return finish(context, a.isNegative !== b.isNegative, a.coefficient * b.coefficient, a.exponent + b.exponent);
}

export function divide(context: DecimalContext, a: Decimal, b: Decimal): Decimal {
  if (b.coefficient === 0n) throw new DecimalFailure("division-by-zero", "division by zero");
  const isNegative = a.isNegative !== b.isNegative;
  const ideal = a.exponent - b.exponent;
  if (a.coefficient === 0n) return finish(context, isNegative, 0n, ideal);
  const shift = digitCount(b.coefficient) - digitCount(a.coefficient) + context.precision + 1;
  const scale = 10n ** BigInt(Math.abs(shift));
  const [numerator, denominator] =
    shift >= 0 ? [a.coefficient * scale, b.coefficient] : [a.coefficient, b.coefficient * scale];
  let quotient = numerator / denominator;
  let exponent = ideal - shift;
  if (quotient * denominator !== numerator) {
    // A digit that tells a remainder from an exact quotient or an exact half, whatever the rounding.
    if (quotient % 5n === 0n) quotient += 1n;
  } else {
    for (; exponent < ideal && quotient % 10n === 0n; exponent++) quotient /= 10n;
  }
  return finish(context, isNegative, quotient, exponent);
}

/** The whole part of the quotient and what it leaves, with the dividend's sign. */
export function divideToInteger(
  context: DecimalContext,
  a: Decimal,
  b: Decimal,
): { quotient: Decimal; remainder: Decimal } {
  if (b.coefficient === 0n) throw new DecimalFailure("division-by-zero", "division by zero");
  const isNegative = a.isNegative !== b.isNegative;
  const exponent = Math.min(a.exponent, b.exponent);
  const magnitudes = adjusted(a) - adjusted(b);
  if (a.coefficient === 0n || magnitudes <= -2) {
    // The dividend is the remainder. Zeros up to the divisor's exponent beyond the precision would be cut off again.
    const reach = Math.max(exponent, a.exponent - context.precision - 1);
    return { quotient: new Decimal(isNegative, 0n, 0), remainder: withExponent(context, a, reach) };
  }
  if (magnitudes <= context.precision) {
    const scale = 10n ** BigInt(Math.abs(a.exponent - b.exponent));
    const [left, right] =
      a.exponent >= b.exponent ? [a.coefficient * scale, b.coefficient] : [a.coefficient, b.coefficient * scale];
    const quotient = left / right;
    if (quotient < 10n ** BigInt(context.precision)) {
      const remainder = finish(context, a.isNegative, left - quotient * right, exponent);
      return { quotient: new Decimal(isNegative, quotient, 0), remainder };
    }
  }
  throw new DecimalFailure("inexact", `the whole part of the quotient has over ${context.precision} digits`);
}

/** Exponent of the first digit. */
export function adjusted(value: Decimal): number {
  return value.exponent + digitCount(value.coefficient) - 1;
}

/** `base ** exponent` for a whole exponent. */
export function power(context: DecimalContext, base: Decimal, exponent: bigint): Decimal {
  const isNegative = base.isNegative && (exponent & 1n) === 1n;
  if (base.coefficient === 0n) {
    if (exponent < 0n) throw new DecimalFailure("division-by-zero", "0 cannot be raised to a negative power");
    if (exponent === 0n) throw new DecimalFailure("domain", "0 ** 0 is not defined");
    return finish(context, isNegative, 0n, 0);
  }
  const count = exponent < 0n ? -exponent : exponent;
  const magnitude = new Decimal(false, base.coefficient, base.exponent);
  // What is out of range is refused from its size: the first digit's exponent, times the count.
  const reach = Math.abs(adjusted(base)) * Number(count);
  if (reach > 3 * maxExponent && !(adjusted(base) === 0 && base.coefficient === 1n)) {
    if (adjusted(base) > 0 === exponent > 0n)
      throw new DecimalFailure("decimal-overflow", `result is over 1E+${maxExponent + 1}`);
    return finish(context, isNegative, 1n, -2 * maxExponent);
  }
  const length = digitCount(base.coefficient) * Number(count);
  if (length <= 2 * context.precision + 20) {
    // Short enough to be exact, and rounded once.
    const exact = new Decimal(isNegative, base.coefficient ** count, base.exponent * Number(count));
    return exponent < 0n
      ? divide(context, new Decimal(false, 1n, 0), exact)
      : finish(context, isNegative, exact.coefficient, exact.exponent);
  }
  // Squaring with enough digits more that their errors, one unit for each step, stay far below a half of the last digit.
  const wide: DecimalContext = { precision: context.precision + count.toString().length + 12, rounding: "half-even" };
  let result = new Decimal(false, 1n, 0);
  let square = exponent < 0n ? divide(wide, result, magnitude) : magnitude;
  for (let rest = count; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = multiply(wide, result, square);
    if (rest > 1n) square = multiply(wide, square, square);
  }
  return finish(context, isNegative, result.coefficient, result.exponent);
}

/** The nearest value to the root. */
export function squareRoot(context: DecimalContext, value: Decimal): Decimal {
  const ideal = Math.floor(value.exponent / 2);
  if (value.coefficient === 0n) return finish(context, value.isNegative, 0n, ideal);
  if (value.isNegative) throw new DecimalFailure("domain", "square root of a negative number");
  // An even exponent and two digits more than the root may keep.
  const isOdd = value.exponent % 2 !== 0;
  const coefficient = isOdd ? value.coefficient * 10n : value.coefficient;
  const shift = Math.max(0, context.precision + 1 - Math.ceil(digitCount(coefficient) / 2));
  const scaled = coefficient * 100n ** BigInt(shift);
  let root = integerRoot(scaled);
  let exponent = ideal - shift;
  if (root * root === scaled) {
    for (; exponent < ideal && root % 10n === 0n; exponent++) root /= 10n;
  } else if (root % 5n === 0n) root += 1n;
  // The specification rounds square roots half-even whatever the context says.
  return finish({ ...context, rounding: "half-even" }, false, root, exponent);
}

/** The largest integer whose square is not over `value` (Newton's method from above). */
function integerRoot(value: bigint): bigint {
  let guess = 1n << BigInt(Math.ceil((value.toString(16).length * 4) / 2));
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** Rounded so that its last digit is that of 10^exponent. */
export function quantize(context: DecimalContext, value: Decimal, exponent: number): Decimal {
  const zeros = value.exponent - exponent;
  const length = value.coefficient === 0n ? 1 : digitCount(value.coefficient) + zeros;
  if (length > context.precision)
    throw new DecimalFailure("inexact", `result needs ${length} digits, precision is ${context.precision}`);
  const coefficient =
    zeros >= 0
      ? value.coefficient * 10n ** BigInt(value.coefficient === 0n ? 0 : zeros)
      : roundAway(value.coefficient, -zeros, value.isNegative, context.rounding);
  return finish(context, value.isNegative, coefficient, exponent);
}

/** Negative, zero or positive as `a` is below, at or above `b`; exact. */
export function compare(a: Decimal, b: Decimal): number {
  const [left, right] = [sign(a), sign(b)];
  if (left !== right || left === 0) return left - right;
  const difference = adjusted(a) - adjusted(b);
  if (difference !== 0) return difference * left;
  const shift = BigInt(Math.abs(a.exponent - b.exponent));
  const [x, y] =
    a.exponent > b.exponent
      ? [a.coefficient * 10n ** shift, b.coefficient]
      : [a.coefficient, b.coefficient * 10n ** shift];
  return x === y ? 0 : x < y ? -left : left;
}

function sign({ isNegative, coefficient }: Decimal): number {
  return coefficient === 0n ? 0 : isNegative ? -1 : 1;
}
