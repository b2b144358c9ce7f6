import { divideHalfEven } from "./integer.ts";

// Float64 operations where Python's answer is not JavaScript's.

/** Remainder with the divisor's sign, exact. The divisor is not 0. */
export function floatModulo(left: number, right: number): number {
  const remainder = left % right;
  if (remainder === 0) return right < 0 ? -0 : 0;
  return right < 0 !== remainder < 0 ? remainder + right : remainder;
}

/** The quotient rounded down, worked out from the exact remainder as CPython does: `1.0 // 0.1` is 9.0. The divisor is not 0. */
export function floatFloorDivide(left: number, right: number): number {
  const remainder = left % right;
  let quotient = (left - remainder) / right;
  if (remainder !== 0 && right < 0 !== remainder < 0) quotient -= 1;
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** The nearest integer, halves to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

/**
 * Rounded to `digits` places after the point (before it, when negative), halves to even by the number's exact value:
 * 2.675 is a little less than it looks, and becomes 2.67.
 */
export function roundToDigits(value: number, digits: number): number {
  // Beyond these a float64 has no digits left to round, or none that stay (CPython's NDIGITS_MAX and NDIGITS_MIN).
  if (!Number.isFinite(value) || value === 0 || digits > 323) return value;
  if (digits < -308) return value < 0 ? -0 : 0;
  // value = whole / 2^halvings, exactly.
  let whole = Math.abs(value);
  let halvings = 0;
  for (; !Number.isInteger(whole); halvings++) whole *= 2;
  const dividend = BigInt(whole) * 10n ** BigInt(Math.max(digits, 0));
  const divisor = 2n ** BigInt(halvings) * 10n ** BigInt(Math.max(-digits, 0));
  const rounded = Number(`${divideHalfEven(dividend, divisor)}e${-digits}`);
  return value < 0 ? -rounded : rounded;
}
