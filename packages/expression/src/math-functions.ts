// The part of Python's `math` that a calculator is asked for. Opt in: plain Python has none of it without an import.

import type { OwnFunction } from "./own-function.ts";
import type { PythonValue } from "./python-value.ts";

/** Numbers that have a name: pass as `constants`. */
export const mathConstants: Readonly<Record<string, number>> = {
  pi: Math.PI,
  e: Math.E,
  tau: 2 * Math.PI,
  inf: Infinity,
  nan: NaN,
};

/**
 * Functions of Python's `math` on floats: pass as `functions` of a calculator with the `python` numbers. `sqrt`, `floor`,
 * `ceil`, `trunc` and `fabs` are exact everywhere; the others are within one unit in the last place of Python's, and may
 * differ in it between engines.
 */
export const mathFunctions: Readonly<Record<string, OwnFunction<PythonValue>>> = {
  sqrt: real(Math.sqrt),
  cbrt: real(Math.cbrt),
  exp: real(Math.exp),
  log: {
    arity: [1, 2],
    call: (value, base) => {
      const [a, b] = [logarithm(value), base === undefined ? 1 : logarithm(base)];
      if (b === 0) throw new RangeError("math domain error");
      return a / b;
    },
  },
  log2: real((value) => positive(value, Math.log2)),
  log10: real((value) => positive(value, Math.log10)),
  sin: real(Math.sin),
  cos: real(Math.cos),
  tan: real(Math.tan),
  asin: real(Math.asin),
  acos: real(Math.acos),
  atan: real(Math.atan),
  atan2: { arity: 2, call: (y, x) => Math.atan2(toFloat(y), toFloat(x)) },
  sinh: real(Math.sinh),
  cosh: real(Math.cosh),
  tanh: real(Math.tanh),
  hypot: { arity: [0, 32], call: (...values) => Math.hypot(...values.map(toFloat)) },
  degrees: real((value) => value * (180 / Math.PI)),
  radians: real((value) => value * (Math.PI / 180)),
  fabs: real(Math.abs),
  floor: { arity: 1, call: (value) => whole(value, Math.floor) },
  ceil: { arity: 1, call: (value) => whole(value, Math.ceil) },
  trunc: { arity: 1, call: (value) => whole(value, Math.trunc) },
};

/** One float to another. What is undefined, or infinite for a finite number, is Python's domain or range error. */
function real(work: (value: number) => number): OwnFunction<PythonValue> {
  return {
    arity: 1,
    cost: 5,
    call: (value) => {
      const argument = toFloat(value);
      const result = work(argument);
      if (Number.isNaN(result) && !Number.isNaN(argument)) throw new RangeError("math domain error");
      if (Math.abs(result) === Infinity && Number.isFinite(argument)) throw new RangeError("math range error");
      return result;
    },
  };
}

function logarithm(value: PythonValue): number {
  return positive(toFloat(value), Math.log);
}

function positive(value: number, work: (value: number) => number): number {
  if (value <= 0) throw new RangeError("math domain error");
  return work(value);
}

function toFloat(value: PythonValue): number {
  const float = Number(value);
  if (typeof value === "bigint" && !Number.isFinite(float)) throw new RangeError("int too large to convert to float");
  return float;
}

function whole(value: PythonValue, work: (value: number) => number): bigint {
  if (typeof value !== "number") return BigInt(value);
  if (!Number.isFinite(value)) throw new RangeError("cannot convert float infinity or NaN to integer");
  return BigInt(work(value));
}
