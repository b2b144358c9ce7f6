// `**` on floats: the bits that the C library gives CPython, on every engine, where the engines' own `**` give several
// answers. This is the algorithm that glibc and musl take from Arm's optimized routines: the logarithm of the base to 68
// bits, times the exponent, and the exponential of that. Each operation is here as it is there, the fused ones too, for
// the results are not always the nearest float64, and are to be the same all the same. See
// docs/decisions/0010-powers-of-floats.md.

import { fusedMultiplyAdd as fused, productError } from "./fused-multiply-add.ts";
import { logarithmOfCentre, powerOfTwo } from "./power-tables.ts";

/** `base ** exponent` as C's `pow`; not a number for a negative base and a fraction. */
export function floatPower(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1; // where ECMAScript says NaN
  const isOrdinary = base !== 0 && exponent !== 0 && Number.isFinite(base) && Number.isFinite(exponent);
  if (!isOrdinary || (base < 0 && !Number.isInteger(exponent))) return base ** exponent;
  const result = positivePower(Math.abs(base), exponent);
  return base < 0 && exponent % 2 !== 0 ? -result : result;
}

const bits = new DataView(new ArrayBuffer(8));

/** Both are finite, and neither is 0. */
function positivePower(base: number, exponent: number): number {
  // base = 2^k * z, with z in one of 128 intervals from 0.706 to 1.411, that k = 0 is around 1.
  const isSubnormal = base < 2 ** -1022;
  bits.setFloat64(0, isSubnormal ? base * 2 ** 52 : base);
  const offset = bits.getInt32(0) - 0x3fe69555;
  bits.setInt32(0, bits.getInt32(0) - (offset & 0xfff00000));
  const z = bits.getFloat64(0);
  const k = (offset >> 20) - (isSubnormal ? 52 : 0);
  const { inverse, high: logHigh, low: logLow } = logarithmOfCentre((offset >> 13) & 127);

  // log(base) = k log(2) + log(centre) + log(1 + r), where r = z / centre - 1 has no rounding error.
  const upper = Math.fround(z);
  const r = upper * inverse - 1 + (z - upper) * inverse;
  const t1 = k * 0.6931471805598903 + logHigh;
  const t2 = t1 + r;
  const square = r * (-0.5 * r);
  const sum = t2 + square;
  const p3 = fused(r, 1.0000415263675542, -1.142909628459501);
  const p2 = fused(p3, square, fused(r, -0.6666666663487739, 0.7999999995323976));
  const p1 = fused(square, p2, fused(r, 0.5000000000000007, -0.6666666666666679));
  const errors =
    fused(k, 5.497923018708371e-14, logLow) + (t1 - t2 + r) + productError(-0.5 * r, r, square) + (t2 - sum + square);
  const rest = fused(r * square, p1, errors);
  const logarithm = sum + rest;
  const logarithmRest = sum - logarithm + rest;

  const power = exponent * logarithm;
  if (Math.abs(power) < 2 ** -54) return 1;
  if (Math.abs(power) >= 1024) return power > 0 ? Infinity : 0;
  return exponential(power, fused(exponent, logarithmRest, productError(exponent, logarithm, power)));
}

/** e to the power of `value + rest`. */
function exponential(value: number, rest: number): number {
  // 2^(steps / 128) * e^r
  const steps = fused(value, 184.6649652337873, roundToInteger) - roundToInteger;
  const r = fused(steps, -1.2864023111638346e-14, fused(steps, -0.005415212348111709, value)) + rest;
  const { value: scale, error } = powerOfTwo(steps & 127);
  const square = r * r;
  const p1 = fused(fused(0.16666666666665886, r, 0.49999999999996786), square, r + error);
  const growth = fused(fused(r, 0.008333335853059549, 0.0416666808410674), square * square, p1);
  const twos = steps >> 7;
  if (value > -512) return fused(growth, scale, scale) * 2 ** (twos - 1) * 2;

  const product = scale * growth;
  const result = scale + product;
  if (result * 2 ** (twos + 1022) >= 1) return result * 2 ** twos;
  // Subnormal: the bits that it loses are rounded away first, by way of 1, so that there is one rounding.
  const [wide, wideScale, wideProduct] = [result, scale, product].map((part) => part * 2 ** (twos + 1022)) as [
    number,
    number,
    number,
  ];
  const above = 1 + wide;
  return (above + (1 - above + wide + (wideScale - wide + wideProduct)) - 1) * 2 ** -1022;
}

/** Added and taken away again, it leaves an integer. */
const roundToInteger = 1.5 * 2 ** 52;
