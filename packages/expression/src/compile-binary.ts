// The closures of compiled binary operators, chosen by the types of their operands.

import { isTapeOperator, type TapeOperation } from "./float-tape.ts";
import { fusedFloats, type FloatOperand, type Slots } from "./fused-floats.ts";
import * as integer from "./integer.ts";
import type { Integer } from "./integer.ts";
import type { Run } from "./number-system.ts";
import * as arithmetic from "./python-arithmetic.ts";
import { Float, type PythonInternal } from "./python-value.ts";
import type { BinaryExpression } from "./syntax-tree.ts";

/** A value in a slot. */
export type Raw = Integer | boolean;
/** What a node became. */
export type Code<Result> = (run: Run, slots: Slots) => Result;

/** A closure and what it gives: an unboxed int, float or bool, or a boxed value of a type that only the run will tell. */
export type Part = (
  | { readonly kind: "int"; readonly code: Code<Integer>; readonly constant?: Integer }
  | {
      readonly kind: "float";
      readonly code: Code<number>;
      readonly constant?: number;
      readonly operation?: TapeOperation;
    }
  | { readonly kind: "bool"; readonly code: Code<boolean>; readonly constant?: boolean }
  | { readonly kind: "any"; readonly code: Code<PythonInternal>; readonly constant?: undefined }
) & {
  /** The slot that the code reads, when it does nothing else. */
  readonly slot?: number | undefined;
  /** See TapePart. */
  readonly isStep?: boolean;
};

/** The closure for an operator on these operands. */
export function binaryPart(node: BinaryExpression, left: Part, right: Part): Part {
  if (left.kind === "int" && right.kind === "int") return intPart(node, left.code, right.code, right.constant);
  if (left.kind === "float" && right.kind === "float")
    return floatPart(node, left, right) ?? anyPart(node, left, right);
  if (left.kind === "float" && right.kind === "int") return mixedPart(node, left, right) ?? anyPart(node, left, right);
  if (left.kind === "int" && right.kind === "float") return mixedPart(node, left, right) ?? anyPart(node, left, right);
  return anyPart(node, left, right);
}

function anyPart(node: BinaryExpression, left: Part, right: Part): Part {
  const [a, b] = [boxed(left), boxed(right)];
  return { kind: "any", code: (run, slots) => arithmetic.binary(run, node, a(run, slots), b(run, slots)) };
}

function intPart(node: BinaryExpression, a: Code<Integer>, b: Code<Integer>, constant: Integer | undefined): Part {
  switch (node.operator) {
    case "+":
      return { kind: "int", code: (run, slots) => integer.add(run, node, a(run, slots), b(run, slots)) };
    case "-":
      return { kind: "int", code: (run, slots) => integer.subtract(run, node, a(run, slots), b(run, slots)) };
    case "*":
      return { kind: "int", code: (run, slots) => integer.multiply(run, node, a(run, slots), b(run, slots)) };
    case "/":
      return { kind: "float", code: (run, slots) => arithmetic.intQuotient(run, node, a(run, slots), b(run, slots)) };
    case "//":
      return { kind: "int", code: (run, slots) => arithmetic.intFloorDivide(run, node, a(run, slots), b(run, slots)) };
    case "%":
      return { kind: "int", code: (run, slots) => arithmetic.intModulo(run, node, a(run, slots), b(run, slots)) };
    case "**":
      if (constant !== undefined && constant >= 0) {
        return { kind: "int", code: (run, slots) => integer.power(run, node, a(run, slots), constant) };
      }
      return { kind: "any", code: (run, slots) => arithmetic.binary(run, node, a(run, slots), b(run, slots)) };
    default: {
      const code = (run: Run, slots: Slots) => arithmetic.binary(run, node, a(run, slots), b(run, slots));
      return { kind: "int", code: code as Code<Integer> };
    }
  }
}

function floatPart(node: BinaryExpression, left: FloatOperand, right: FloatOperand): Part | undefined {
  const { operator } = node;
  if (isTapeOperator(operator)) {
    const code = fusedFloats(node, operator, left, right);
    return { kind: "float", code, operation: { operator, at: node, left, right } };
  }
  const operation = floatOperations.get(node.operator);
  const [a, b] = [left.code, right.code];
  return operation && { kind: "float", code: (run, slots) => operation(run, node, a(run, slots), b(run, slots)) };
}

/** One int and one float: both are evaluated before the int is converted, which may be an error. */
function mixedPart(node: BinaryExpression, left: Part, right: Part): Part | undefined {
  const operation = floatOperations.get(node.operator);
  if (operation === undefined) return undefined;
  // A small constant is a float as it stands.
  const int = left.kind === "int" ? left : right;
  if (typeof int.constant === "number") return floatPart(node, left as FloatOperand, right as FloatOperand);
  const [a, b] = [left.code as Code<Integer>, right.code as Code<Integer>];
  const code = (run: Run, slots: Slots) => {
    const [x, y] = [a(run, slots), b(run, slots)];
    return operation(run, node, floatOf(run, node, x), floatOf(run, node, y));
  };
  return { kind: "float", code };
}

/** A float, or a small int as it is: both are JavaScript numbers already. */
function floatOf(run: Run, node: BinaryExpression, value: Integer): number {
  return typeof value === "number" ? value : arithmetic.toFloat(run, node, value);
}

type FloatOperation = (run: Run, node: BinaryExpression, left: number, right: number) => number;

const floatOperations: ReadonlyMap<string, FloatOperation> = new Map<string, FloatOperation>([
  ["+", (_run, _node, left, right) => left + right],
  ["-", (_run, _node, left, right) => left - right],
  ["*", (_run, _node, left, right) => left * right],
  ["/", arithmetic.floatQuotient],
  ["//", arithmetic.floatFloor],
  ["%", arithmetic.floatRemainder],
  ["**", arithmetic.floatRaise],
]);

/** The part's code with its floats in boxes. */
export function boxed({ kind, code }: Part): Code<PythonInternal> {
  return kind === "float" ? (run, slots) => new Float(code(run, slots)) : code;
}
