// Integers of any size that stay JavaScript numbers while they fit: |n| <= 2^53 - 1 is a number, never -0; anything
// wider is a bigint. Sums and products of small ones cost what floats cost.

import type { Run } from "./number-system.ts";
import type { Span } from "./syntax-tree.ts";

/** Invariant: a number is a safe integer and not -0; a bigint is outside the safe range. */
export type Integer = number | bigint;

const most = Number.MAX_SAFE_INTEGER;

/** The one representation of a value. */
export function toInteger(value: bigint): Integer {
  return value >= -most && value <= most ? Number(value) : value;
}

/** Width in bits, without a sign. */
export function bitsOf(value: bigint): number {
  const hex = (value < 0n ? -value : value).toString(16);
  return hex.length * 4 + 28 - Math.clz32(Number.parseInt(hex[0]!, 16));
}

/**
 * Units of work of multiplying or dividing operands of these widths: products of 64-bit limbs. One for each pair of limbs
 * of narrow operands; for wide ones engines know ways that take less.
 */
export function productWork(leftBits: number, rightBits: number): number {
  const [left, right] = [Math.ceil(leftBits / 64), Math.ceil(rightBits / 64)];
  const narrow = Math.min(left, right);
  return Math.max(left, right) * Math.min(narrow, 8 * Math.sqrt(narrow));
}

export function add(run: Run, at: Span, left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right;
    if (sum >= -most && sum <= most) return sum;
  }
  return wideSum(run, at, BigInt(left), BigInt(right));
}

export function subtract(run: Run, at: Span, left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const difference = left - right;
    if (difference >= -most && difference <= most) return difference;
  }
  return wideSum(run, at, BigInt(left), -BigInt(right));
}

/** A sum is at most a bit wider than its wider operand, and both are within the limit: it is made, then measured. */
function wideSum(run: Run, at: Span, left: bigint, right: bigint): Integer {
  const sum = left + right;
  const bits = bitsOf(sum);
  run.spend(Math.ceil(bits / 64), at);
  run.checkBits(bits, at);
  return toInteger(sum);
}

export function multiply(run: Run, at: Span, left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const product = left * right;
    if (product >= -most && product <= most) return product + 0; // 0 * -1 is 0, not -0
  }
  const [a, b] = [BigInt(left), BigInt(right)];
  const [leftBits, rightBits] = [bitsOf(a), bitsOf(b)];
  run.checkBits(leftBits + rightBits - 1, at);
  run.spend(productWork(leftBits, rightBits), at);
  return toInteger(a * b);
}

/** Quotient and remainder as Python has them: rounded down, the remainder with the divisor's sign. The divisor is not 0. */
export function floorDivide(run: Run, at: Span, left: Integer, right: Integer): Integer {
  // The quotient of safe integers is at least 1/|right| away from the next integer, more than it is rounded by.
  if (typeof left === "number" && typeof right === "number") return Math.floor(left / right) + 0;
  return toInteger(divideFloor(...wideDivision(run, at, left, right)));
}

export function modulo(run: Run, at: Span, left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const remainder = left % right;
    return (remainder !== 0 && remainder < 0 !== right < 0 ? remainder + right : remainder) + 0;
  }
  const [a, b] = wideDivision(run, at, left, right);
  const remainder = a % b;
  return toInteger(remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder);
}

function wideDivision(run: Run, at: Span, left: Integer, right: Integer): [bigint, bigint] {
  const [a, b] = [BigInt(left), BigInt(right)];
  const divisorBits = bitsOf(b);
  run.spend(2 * productWork(Math.max(64, bitsOf(a) - divisorBits), divisorBits), at);
  return [a, b];
}

/** `base ** exponent` for an exponent of 0 or more. */
export function power(run: Run, at: Span, base: Integer, exponent: Integer): Integer {
  if (base === 0 || base === 1) return exponent === 0 ? 1 : base;
  if (base === -1) return BigInt(exponent) % 2n === 0n ? 1 : -1;
  const small = smallPower(base, exponent);
  if (small !== undefined) return small;
  // |base| >= 2^(bits - 1), so the result has at least so many bits. Nothing is computed that is sure to be refused.
  const [wide, count] = [BigInt(base), Number(exponent)];
  const bits = bitsOf(wide);
  run.checkBits((bits - 1) * count + 1, at);
  run.spend(productWork(bits * count, bits * count), at);
  const result = wide ** BigInt(exponent);
  run.checkBits(bitsOf(result), at);
  return toInteger(result);
}

/** The power, if it is a safe integer: of a base that is none of 0, 1 and -1, a few steps tell. */
function smallPower(base: Integer, exponent: Integer): number | undefined {
  if (typeof base === "bigint") return undefined;
  let result = 1;
  for (let i = 0; i < exponent; i++) {
    result *= base;
    if (result < -most || result > most) return undefined;
  }
  return result;
}

export function shiftLeft(run: Run, at: Span, value: Integer, count: Integer): Integer {
  if (value === 0) return 0;
  const wide = BigInt(value);
  const bits = bitsOf(wide) + Number(count);
  run.checkBits(bits, at);
  run.spend(Math.ceil(bits / 64), at);
  return toInteger(wide << BigInt(count));
}

/** Rounds down, as Python's `>>` does: `-1 >> 1` is -1. */
export function shiftRight(value: Integer, count: Integer): Integer {
  if (typeof count === "bigint" || count > 2 ** 21) return value < 0 ? -1 : 0;
  return toInteger(BigInt(value) >> BigInt(count));
}

/** `&`, `|` and `^` on two's complement of any width. */
export function bitwise(operator: "&" | "|" | "^", left: Integer, right: Integer): Integer {
  const [a, b] = [BigInt(left), BigInt(right)];
  return toInteger(operator === "&" ? a & b : operator === "|" ? a | b : a ^ b);
}

/** The quotient as the nearest float64, rounded once. The divisor is not 0. */
export function divideToFloat(run: Run, at: Span, left: Integer, right: Integer): number {
  if (typeof left === "number" && typeof right === "number") return left / right;
  const [a, b] = wideDivision(run, at, left, right);
  const magnitude = nearestQuotient(a < 0n ? -a : a, b < 0n ? -b : b);
  return a < 0n !== b < 0n ? -magnitude : magnitude;
}

function nearestQuotient(dividend: bigint, divisor: bigint): number {
  const size = bitsOf(dividend) - bitsOf(divisor);
  if (Math.abs(size) > 1100) return size > 0 ? Infinity : 0;
  // Of subnormal numbers, and those next to them, the last bit is the least of all.
  if (size < -1021) return Number(divideHalfEven(dividend << 1074n, divisor)) * 2 ** -1074;
  // Of all others the quotient gets 65 bits or more, where the last stands for what is cut off, and `Number` rounds.
  const shift = size - 65;
  const scaled = shift < 0 ? dividend << BigInt(-shift) : dividend;
  const unit = shift < 0 ? divisor : divisor << BigInt(shift);
  const quotient = scaled / unit;
  const half = shift >> 1; // the whole power of two may be out of range
  return Number(quotient * unit === scaled ? quotient : quotient | 1n) * 2 ** half * 2 ** (shift - half);
}

/** The integer below a quotient, or the quotient. */
export function divideFloor(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor !== dividend && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

/** The integer nearest to a quotient, halves to even. The divisor is over 0. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const floor = divideFloor(dividend, divisor);
  const overHalf = 2n * (dividend - floor * divisor) - divisor;
  return overHalf > 0n || (overHalf === 0n && (floor & 1n) === 1n) ? floor + 1n : floor;
}

/** `n!`. Refused from its size alone when it would be too wide. */
export function factorial(run: Run, at: Span, operand: Integer | number): Integer {
  const count = Number(operand);
  if (!Number.isInteger(count)) run.fail("domain", "factorial() only accepts integral values", at);
  if (count < 0) run.fail("domain", "factorial() not defined for negative values", at);
  // Stirling: log2(n!) is more than n * (log2(n) - log2(e)).
  run.checkBits(Math.floor(count * (Math.log2(Math.max(count, 1)) - Math.LOG2E)), at);
  const bits = count * Math.log2(Math.max(count, 2));
  run.spend((count * bits) / 128, at);
  let result = 1n;
  for (let factor = 2; factor <= count; factor++) result *= BigInt(factor);
  return toInteger(result);
}
