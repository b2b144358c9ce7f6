// Decimal floating point after the General Decimal Arithmetic specification, on a BigInt coefficient: finite values
// only, since what would be infinite or not a number is an error in an expression.

/** How a result is rounded to the precision. */
export type Rounding = "up" | "down" | "half-up" | "half-down" | "half-even" | "ceiling" | "floor" | "05up";

/** `coefficient * 10^exponent`, negated when `isNegative`: 1.20 and 1.2 are equal and print differently, as in Python. */
export class Decimal {
  readonly isNegative: boolean;
  /** 0 or more. */
  readonly coefficient: bigint;
  readonly exponent: number;

  constructor(isNegative: boolean, coefficient: bigint, exponent: number) {
    this.isNegative = isNegative;
    this.coefficient = coefficient;
    this.exponent = exponent;
    Object.freeze(this);
  }

  /** The specification's to-scientific-string, which is Python's `str`. */
  toString(): string {
    const digits = this.coefficient.toString();
    const sign = this.isNegative ? "-" : "";
    const pointAt = this.exponent + digits.length;
    if (this.exponent <= 0 && pointAt > -6) {
      if (this.exponent === 0) return sign + digits;
      if (pointAt > 0) return `${sign}${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
      return `${sign}0.${"0".repeat(-pointAt)}${digits}`;
    }
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const adjusted = pointAt - 1;
    return `${sign}${digits[0]}${fraction}E${adjusted < 0 ? "-" : "+"}${Math.abs(adjusted)}`;
  }
}

/** Largest exponent of the first digit, as Python's default context. */
export const maxExponent = 999_999;

/** Thrown by the arithmetic where there is no finite result. */
export class DecimalFailure extends Error {
  readonly code: "decimal-overflow" | "division-by-zero" | "domain" | "inexact";
  constructor(code: DecimalFailure["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export function digitCount(coefficient: bigint): number {
  return coefficient.toString().length;
}

/** Drops `count` digits of a coefficient. */
export function roundAway(coefficient: bigint, count: number, isNegative: boolean, rounding: Rounding): bigint {
  if (count <= 0) return coefficient;
  const unit = 10n ** BigInt(Math.min(count, digitCount(coefficient) + 1));
  const kept = coefficient / unit;
  const rest = coefficient - kept * unit;
  return rest !== 0n && isRoundedUp(kept, rest * 2n - unit, isNegative, rounding) ? kept + 1n : kept;
}

/** `overHalf` is negative, zero or positive as the digits cut off are under, at or over a half. */
function isRoundedUp(kept: bigint, overHalf: bigint, isNegative: boolean, rounding: Rounding): boolean {
  switch (rounding) {
    case "up":
      return true;
    case "down":
      return false;
    case "ceiling":
      return !isNegative;
    case "floor":
      return isNegative;
    case "half-up":
      return overHalf >= 0n;
    case "half-down":
      return overHalf > 0n;
    case "half-even":
      return overHalf > 0n || (overHalf === 0n && (kept & 1n) === 1n);
    case "05up":
      return kept % 5n === 0n;
  }
}
