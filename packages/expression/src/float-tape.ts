// An expression of nothing but floats as a tape: one instruction for each operator, in the order of evaluation, between
// registers that are float64s. A closure hands its float to the next in a box that has to be allocated; a tape has none.
//
// Registers: the slots of the expression (variables, then constants), then one for each instruction's result, in order.

import type { BinaryOperator, Span } from "./syntax-tree.ts";

/** What a part says of itself so that it can be put on a tape. */
export interface TapePart {
  /** The register that holds its value, from the start unless it is `isStep`. */
  readonly slot?: number | undefined;
  /** A step of a long sum: closures leave its value in `slot`, a tape has to have its operation. */
  readonly isStep?: boolean | undefined;
  /** How it is computed; wins over `slot`. */
  readonly operation?: TapeOperation | undefined;
}

export interface TapeOperation {
  readonly operator: BinaryTapeOperator | "negate";
  /** Where an error points. */
  readonly at: Span;
  readonly left: TapePart;
  readonly right: TapePart;
}

export type BinaryTapeOperator = "+" | "-" | "*" | "/";

export interface FloatTape {
  readonly registers: Float64Array;
  /** Three numbers for each instruction: the operator and the registers of its operands. */
  readonly code: Int32Array;
  /** The number of the first register for a result. */
  readonly firstResult: number;
  /** Where each instruction's errors point. */
  readonly places: readonly Span[];
}

const add = 0;
const subtract = 1;
const multiply = 2;
const divide = 3;
const negate = 4;
const codes: ReadonlyMap<string, number> = new Map([
  ["+", add],
  ["-", subtract],
  ["*", multiply],
  ["/", divide],
  ["negate", negate],
]);

export function isTapeOperator(operator: BinaryOperator): operator is BinaryTapeOperator {
  return codes.has(operator);
}

/** The tape of a part, or undefined where anything in it is no float or no operation for a tape. */
export function floatTape(part: TapePart, slots: readonly unknown[]): FloatTape | undefined {
  const code: number[] = [];
  const places: Span[] = [];

  /** The register of a part's value. Left operands lean as deep as a sum is long, so they are taken in a loop. */
  const emit = (top: TapePart): number => {
    const spine: TapeOperation[] = [];
    let lowest = top;
    for (; lowest.operation !== undefined; lowest = lowest.operation.left) spine.push(lowest.operation);
    let left = lowest.isStep === true ? Number.NaN : (lowest.slot ?? Number.NaN);
    for (const { operator, at, right } of spine.toReversed()) {
      code.push(codes.get(operator)!, left, operator === "negate" ? left : emit(right));
      left = slots.length + places.length;
      places.push(at);
    }
    return left;
  };

  emit(part);
  if (places.length === 0 || code.some(Number.isNaN)) return undefined;
  const registers = new Float64Array(slots.length + places.length);
  for (const [index, value] of slots.entries()) registers[index] = Number(value);
  return { registers, code: Int32Array.from(code), firstResult: slots.length, places };
}

/**
 * Computes all registers for results, the last of which is the value.
 * @returns the number of the instruction that would divide by zero, or -1 where none does.
 */
export function runTape({ registers, code, firstResult }: FloatTape): number {
  let result = firstResult;
  for (let at = 0; at < code.length; at += 3) {
    const left = registers[code[at + 1]!]!;
    const right = registers[code[at + 2]!]!;
    switch (code[at]) {
      case add:
        registers[result++] = left + right;
        break;
      case subtract:
        registers[result++] = left - right;
        break;
      case multiply:
        registers[result++] = left * right;
        break;
      case divide:
        if (right === 0) return result - firstResult;
        registers[result++] = left / right;
        break;
      default:
        registers[result++] = -left;
    }
  }
  return -1;
}
