// The tables of the power function, each entry computed when it is first asked for, in fixed point with 128 binary places.

/** `log(1 / inverse)` as a sum; `high` is a multiple of 2^-43, so that adding multiples of log(2) to it is exact. */
interface Logarithm {
  readonly inverse: number;
  readonly high: number;
  readonly low: number;
}

/** For the interval of this number: a fraction with a few bits whose inverse is near its centre. */
export function logarithmOfCentre(interval: number): Logarithm {
  return (logarithms[interval] ??= computeLogarithm(interval));
}

/** 2^(step / 128): the nearest float64, and the part of it by which it is too small. */
export function powerOfTwo(step: number): { readonly value: number; readonly error: number } {
  return (powers[step] ??= computePower(step));
}

const logarithms: Logarithm[] = [];
const powers: { value: number; error: number }[] = [];

function computeLogarithm(interval: number): Logarithm {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setInt32(0, 0x3fe69555 + interval * 2 ** 13 + 2 ** 12);
  const centre = bits.getFloat64(0);
  const inverse = centre < 1 ? Math.round(128 / centre) / 128 : Math.round(256 / centre) / 256;
  const exact = -naturalLogarithm(toFixed(inverse));
  const high = Math.round(toFloat(exact) * 2 ** 43) / 2 ** 43;
  return { inverse, high, low: toFloat(exact - toFixed(high)) };
}

function computePower(step: number): { value: number; error: number } {
  ln2 ??= naturalLogarithm(2n * one);
  const exact = exponential((ln2 * BigInt(step)) / 128n);
  const value = toFloat(exact);
  return { value, error: toFloat(((exact - toFixed(value)) * one) / toFixed(value)) };
}

const one = 1n << 128n;
let ln2: bigint | undefined;

/** Exact for what is a multiple of 2^-60. */
function toFixed(value: number): bigint {
  return BigInt(value * 2 ** 60) << 68n;
}

function toFloat(value: bigint): number {
  return Number(value) / 2 ** 128;
}

/** Twice the area tangent of (value - 1) / (value + 1), by its power series. */
function naturalLogarithm(value: bigint): bigint {
  const ratio = ((value - one) * one) / (value + one);
  const square = (ratio * ratio) / one;
  let sum = 0n;
  for (let term = ratio, odd = 1n; term !== 0n; term = (term * square) / one, odd += 2n) sum += term / odd;
  return 2n * sum;
}

function exponential(value: bigint): bigint {
  let sum = 0n;
  for (let term = one, index = 1n; term !== 0n; term = (term * value) / one / index, index++) sum += term;
  return sum;
}
