import * as arithmetic from "./python-arithmetic.ts";
import { pythonFunctions } from "./python-functions.ts";
import * as values from "./python-value.ts";
import { Float, type PythonInternal, type PythonValue } from "./python-value.ts";
import { toInteger } from "./integer.ts";
import type { NumberSystem } from "./number-system.ts";

/**
 * Python's numbers: ints of any size, float64 and bool, kept apart and printed as `repr` prints them. Outside of
 * evaluation an int is a `bigint`, a float a `number` and a bool a `boolean`.
 */
export const python: NumberSystem<PythonInternal, PythonValue> = {
  name: "python",
  literal: (run, node) => {
    if (!node.isInteger) return new Float(node.nearest);
    if (node.nearest <= Number.MAX_SAFE_INTEGER) return node.nearest;
    // Reading decimal digits takes as long as a product of the same width.
    run.spend(((node.end - node.start) / 19) ** 2, node);
    return toInteger(BigInt(run.textOf(node).replaceAll("_", "")));
  },
  boolean: (value) => value,
  unary: arithmetic.unary,
  binary: arithmetic.binary,
  compare: arithmetic.compare,
  isTrue: arithmetic.isTrue,
  typeName: values.typeName,
  functions: pythonFunctions,
  fromPublic: values.fromPublic,
  toPublic: values.toPublic,
  toText: values.toText,
};
