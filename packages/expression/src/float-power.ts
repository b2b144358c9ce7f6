// `**` on floats. Engines do not agree on it: V8 before 13 used a port of fdlibm that is off by a unit in the last place
// for a tenth of all inputs (5 ** -4 was 0.0015999999999999999). See docs/decisions/0010-powers-of-floats.md.

import { decompose } from "./float.ts";
import { divideToFloat } from "./integer.ts";

/** `base ** exponent` as C's `pow`, where it differs from ECMAScript's: 1 to any power is 1, and -1 to an infinite one. */
export function floatPower(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  isAccurate ??= probes.every(([a, b, result]) => a ** b === result);
  if (isAccurate) return base ** exponent;
  const rough = base ** exponent;
  if (!Number.isFinite(base) || !Number.isFinite(exponent) || base === 0 || exponent === 0 || Number.isNaN(rough))
    return rough;
  const size = exponent * Math.log(Math.abs(base));
  if (size > 710 || size < -746) return rough;
  const result = roundedPower(Math.abs(base), exponent);
  return rough < 0 || Object.is(rough, -0) ? -result : result;
}

/** Powers that the inaccurate engines get wrong; written so that no build tool computes them beforehand. */
const probes: readonly (readonly [base: number, exponent: number, result: number])[] = [
  [5, -4, 0.0016],
  [10, -5, 1e-5],
  [1.1, 10, 2.5937424601000023],
  [253, 18, 1.8037210811508166e43],
];
let isAccurate: boolean | undefined;

/** The float64 nearest to the power of a positive number, by way of logarithms with 200 binary places. */
function roundedPower(base: number, exponent: number): number {
  const { mantissa, exponent: scale } = decompose(base);
  if (Number.isInteger(exponent) && Math.abs(exponent) <= 64) {
    // Exact, which also settles the halves.
    const power = mantissa ** BigInt(Math.abs(exponent));
    const shift = scale * Math.abs(exponent);
    const [numerator, denominator] = shift >= 0 ? [power << BigInt(shift), 1n] : [power, 1n << BigInt(-shift)];
    return exponent >= 0 ? divideToFloat(numerator, denominator) : divideToFloat(denominator, numerator);
  }
  // base = m * 2^k with m from 1 to 2, and m in fixed point.
  const length = mantissa.toString(2).length;
  const logarithm = naturalLogarithm(mantissa << BigInt(places - length + 1)) + BigInt(scale + length - 1) * ln2();
  const factor = decompose(Math.abs(exponent));
  const product =
    (factor.exponent >= 0
      ? (logarithm * factor.mantissa) << BigInt(factor.exponent)
      : (logarithm * factor.mantissa) >> BigInt(-factor.exponent)) * (exponent < 0 ? -1n : 1n);
  const twos = (2n * product + ln2()) / (2n * ln2());
  const result = exponential(product - twos * ln2());
  const shift = places - Number(twos);
  return shift >= 0 ? divideToFloat(result, 1n << BigInt(shift)) : Number(result << BigInt(-shift));
}

const places = 200;
const one = 1n << 200n;

/** Of a number from 1 to 2: twice the area tangent of (m - 1) / (m + 1), whose series gains three bits a term. */
function naturalLogarithm(value: bigint): bigint {
  const ratio = ((value - one) << 200n) / (value + one);
  const square = (ratio * ratio) >> 200n;
  let sum = 0n;
  for (let term = ratio, odd = 1n; term !== 0n; term = (term * square) >> 200n, odd += 2n) sum += term / odd;
  return 2n * sum;
}

let ln2Memo: bigint | undefined;
function ln2(): bigint {
  return (ln2Memo ??= naturalLogarithm(2n * one));
}

/** Of a number within half of ln 2 of 0, by its power series. */
function exponential(value: bigint): bigint {
  let sum = 0n;
  let term = one;
  // The shift rounds down and would leave -1 for ever: two bits of 200 are too many to ask for anyway.
  for (let index = 1n; term > 1n || term < -1n; index++) {
    sum += term;
    term = ((term * value) >> 200n) / index;
  }
  return sum;
}
