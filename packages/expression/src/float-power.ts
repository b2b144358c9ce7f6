/**
 * `base ** exponent` as C's `pow`, where it differs from ECMAScript's: 1 to any power is 1, and -1 to an infinite one.
 */
export function floatPower(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}
