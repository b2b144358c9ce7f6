// Expressions over Python's numbers as instructions for a machine with registers, in the order of evaluation. What is
// known to be a float stays in an array of float64s, where it needs no box and nothing is asked at run time; everything
// else is in an array of values and computed as the walk does it.
//
// A register is one number in both arrays: the variables come first, then constants, then results.

import type { Run } from "./number-system.ts";
import { floatQuotient, isTrue } from "./python-arithmetic.ts";
import { Float, type PythonInternal } from "./python-value.ts";
import type { Expression } from "./syntax-tree.ts";

/** What an instruction does. `Apply` and `Call` take a function along, for everything that the machine does not know. */
export const Add = 0;
export const Subtract = 1;
export const Multiply = 2;
export const Divide = 3;
export const Negate = 4;
export const Box = 5;
export const Unbox = 6;
export const Move = 7;
export const Apply = 8;
export const Call = 9;
export const JumpIf = 10;
export const JumpUnless = 11;
export const Jump = 12;

/** Of two values at most; or of values in registers side by side. */
export type Applied = (run: Run, node: never, left: never, right: never) => PythonInternal;

/** What an instruction has beside its numbers. */
export interface Note {
  /** The node that it is for, where its errors point. */
  readonly node: Expression;
  readonly applied: Applied | undefined;
}

export interface Registers {
  readonly floats: Float64Array;
  readonly values: PythonInternal[];
}

export interface Program {
  /** Four numbers for each instruction: what it does, its target and its operands. A jump's target is an index here. */
  readonly code: Int32Array;
  readonly notes: readonly Note[];
  /** What the registers hold before the variables are put in. */
  readonly registers: Registers;
  /** Where the value is in the end, and in which array. */
  readonly result: number;
  readonly isFloat: boolean;
}

/** Values by the names of variables. */
export type Given = Readonly<Record<string, unknown>>;

/** Computes all registers. A run is started only by what can spend work or fail, which floats nearly never do. */
export function execute(
  { code, notes, registers }: Program,
  startRun: (given: Given) => Run,
  given: Given,
  runBefore: Run | undefined,
): void {
  const { floats, values } = registers;
  let run = runBefore;
  for (let at = 0; at < code.length; at += 4) {
    const target = code[at + 1]!;
    const left = code[at + 2]!;
    const right = code[at + 3]!;
    switch (code[at]) {
      case Add:
        floats[target] = floats[left]! + floats[right]!;
        break;
      case Subtract:
        floats[target] = floats[left]! - floats[right]!;
        break;
      case Multiply:
        floats[target] = floats[left]! * floats[right]!;
        break;
      case Divide:
        if (floats[right] === 0) floatQuotient((run ??= startRun(given)), notes[at >> 2]!.node, floats[left]!, 0);
        floats[target] = floats[left]! / floats[right]!;
        break;
      case Negate:
        floats[target] = -floats[left]!;
        break;
      case Box:
        values[target] = new Float(floats[left]!);
        break;
      case Unbox:
        floats[target] = (values[left] as Float).value;
        break;
      case Move:
        values[target] = values[left]!;
        break;
      case Apply: {
        const { node, applied } = notes[at >> 2]!;
        values[target] = applied!(
          (run ??= startRun(given)),
          node as never,
          values[left] as never,
          values[right] as never,
        );
        break;
      }
      case Call: {
        const { node, applied } = notes[at >> 2]!;
        values[target] = applied!(
          (run ??= startRun(given)),
          node as never,
          values.slice(left, right) as never,
          0 as never,
        );
        break;
      }
      case JumpIf:
        if (isTrue(values[left]!)) at = target - 4;
        break;
      case JumpUnless:
        if (!isTrue(values[left]!)) at = target - 4;
        break;
      case Jump:
        at = target - 4;
    }
  }
}
