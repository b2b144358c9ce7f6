// The fused multiply-add that processors have and ECMAScript has not, from Dekker's exact product, Knuth's exact sum, and
// Boldo and Melquiond's rounding to odd, which keeps the last rounding from being a second one.

const bits = new DataView(new ArrayBuffer(8));

/** `a * b + c`, rounded once. The product is neither near the largest float64 nor so small that its error is lost. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const part = sum - product;
  const sumError = product - (sum - part) + (c - part);
  const error = productError(a, b, product);
  let rest = sumError + error;
  const restPart = rest - sumError;
  const lost = sumError - (rest - restPart) + (error - restPart);
  if (lost !== 0) rest = roundedToOdd(rest, lost);
  return sum + rest;
}

/** What `product`, the rounded product of `a` and `b`, is short of the exact one: itself a float64. */
export function productError(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [upperHalf(a), upperHalf(b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** The number's first 26 bits (Veltkamp). */
function upperHalf(value: number): number {
  const scaled = value * 134_217_729; // 2^27 + 1
  return scaled - (scaled - value);
}

/** Of the two float64s around the inexact `value + lost`, the one whose last bit is set. */
function roundedToOdd(value: number, lost: number): number {
  bits.setFloat64(0, value);
  const low = bits.getInt32(4);
  if ((low & 1) === 1) return value;
  const isFurther = value > 0 === lost > 0;
  if (!isFurther && low === 0) bits.setInt32(0, bits.getInt32(0) - 1);
  bits.setInt32(4, isFurther ? low + 1 : low - 1);
  return bits.getFloat64(0);
}
