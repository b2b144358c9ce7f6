// Python 3.11's operators on int, float and bool.

import { floatFloorDivide, floatModulo } from "./float.ts";
import { floatPower } from "./float-power.ts";
import * as integer from "./integer.ts";
import type { Integer } from "./integer.ts";
import type { Run } from "./number-system.ts";
import { Float, typeName, type PythonInternal } from "./python-value.ts";
import type { BinaryOperator, ComparisonOperator, Operation, Span, UnaryOperator } from "./syntax-tree.ts";

export function binary(
  run: Run,
  node: Operation<BinaryOperator>,
  left: PythonInternal,
  right: PythonInternal,
): PythonInternal {
  if (typeof left === "number" && typeof right === "number") return intBinary(run, node, left, right);
  if (left instanceof Float || right instanceof Float) return floatOperation(run, node, left, right);
  const { operator } = node;
  if (typeof left === "boolean" && typeof right === "boolean" && isBitwise(operator)) {
    return integer.bitwise(operator, Number(left), Number(right)) === 1;
  }
  return intBinary(run, node, toInt(left), toInt(right));
}

function floatOperation(run: Run, node: Operation<BinaryOperator>, left: PythonInternal, right: PythonInternal): Float {
  if (!isArithmetic(node.operator)) return refuseOperands(run, node, left, right);
  return new Float(floatBinary(run, node, toFloat(run, node, left), toFloat(run, node, right)));
}

function intBinary(run: Run, node: Operation<BinaryOperator>, left: Integer, right: Integer): PythonInternal {
  switch (node.operator) {
    case "+":
      return integer.add(run, node, left, right);
    case "-":
      return integer.subtract(run, node, left, right);
    case "*":
      return integer.multiply(run, node, left, right);
    case "/":
      if (right === 0) refuseZero(run, node, "division by zero");
      return new Float(intQuotient(run, node, left, right));
    case "//":
      if (right === 0) refuseZero(run, node, "integer division or modulo by zero");
      return integer.floorDivide(run, node, left, right);
    case "%":
      if (right === 0) refuseZero(run, node, "integer modulo by zero");
      return integer.modulo(run, node, left, right);
    case "**":
      return right < 0
        ? new Float(floatRaise(run, node, toFloat(run, node, left), toFloat(run, node, right)))
        : integer.power(run, node, left, right);
    case "<<":
    case ">>":
      if (right < 0) run.fail("negative-shift", "negative shift count", node);
      return node.operator === "<<" ? integer.shiftLeft(run, node, left, right) : integer.shiftRight(left, right);
    case "&":
    case "|":
    case "^":
      return integer.bitwise(node.operator, left, right);
    case "@":
      return refuseOperands(run, node, left, right);
  }
}

function floatBinary(run: Run, node: Operation<BinaryOperator>, left: number, right: number): number {
  switch (node.operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return floatQuotient(run, node, left, right);
    case "//":
      if (right === 0) refuseZero(run, node, "float floor division by zero");
      return floatFloorDivide(left, right);
    case "%":
      if (right === 0) refuseZero(run, node, "float modulo");
      return floatModulo(left, right);
    default:
      return floatRaise(run, node, left, right);
  }
}

export function floatQuotient(run: Run, at: Span, left: number, right: number): number {
  if (right === 0) refuseZero(run, at, "float division by zero");
  return left / right;
}

function intQuotient(run: Run, at: Span, left: Integer, right: Integer): number {
  const quotient = integer.divideToFloat(run, at, left, right);
  if (!Number.isFinite(quotient)) {
    run.fail("int-too-large-for-float", "integer division result too large for a float", at);
  }
  return quotient;
}

function refuseZero(run: Run, at: Span, message: string): never {
  return run.fail("division-by-zero", message, at);
}

/** `left ** right` on floats: the one float operation that overflows to an error and not to infinity. */
function floatRaise(run: Run, at: Span, left: number, right: number): number {
  if (left === 0 && right < 0) refuseZero(run, at, "0.0 cannot be raised to a negative power");
  if (left < 0 && Number.isFinite(left) && Number.isFinite(right) && !Number.isInteger(right)) {
    // Python turns to complex numbers here, and so first to what overflows among them.
    const size = floatPower(-left, right);
    if (
      Math.abs(size * Math.cos(Math.PI * right)) === Infinity ||
      Math.abs(size * Math.sin(Math.PI * right)) === Infinity
    ) {
      run.fail("float-overflow", "complex exponentiation", at);
    }
    run.fail("complex-result", "a negative number cannot be raised to a fractional power: the result is complex", at);
  }
  const result = floatPower(left, right);
  if (Math.abs(result) === Infinity && Number.isFinite(left) && Number.isFinite(right)) {
    run.fail("float-overflow", "(34, 'Numerical result out of range')", at);
  }
  return result;
}

export function unary(run: Run, node: Operation<UnaryOperator>, operand: PythonInternal): PythonInternal {
  if (node.operator === "not") return !isTrue(operand);
  if (operand instanceof Float) {
    if (node.operator === "-") return new Float(-operand.value);
    if (node.operator === "+") return operand;
    if (node.operator === "~") run.fail("operand-type", "bad operand type for unary ~: 'float'", node);
    return integer.factorial(run, node, operand.value);
  }
  const value = toInt(operand);
  switch (node.operator) {
    case "+":
      return value;
    case "-":
      return integer.subtract(run, node, 0, value);
    case "~":
      return integer.subtract(run, node, -1, value);
    case "!":
      return integer.factorial(run, node, value);
  }
}

/** Exact between int and float: neither is converted first. */
export function compare(operator: ComparisonOperator, left: PythonInternal, right: PythonInternal): boolean {
  const a = left instanceof Float ? left.value : left;
  const b = right instanceof Float ? right.value : right;
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    // Mixed comparison of number, bigint and boolean is by mathematical value in ECMAScript too; only `==` mixes them.
    case "==":
      // oxlint-disable-next-line eqeqeq
      return a == b;
    case "!=":
      // oxlint-disable-next-line eqeqeq
      return a != b;
  }
}

export function isTrue(value: PythonInternal): boolean {
  return value instanceof Float ? value.value !== 0 : Boolean(value);
}

export function toInt(value: Integer | boolean): Integer {
  return typeof value === "boolean" ? Number(value) : value;
}

/** Any value as a float, where a float is near enough. */
export function toFloat(run: Run, at: Span, value: PythonInternal): number {
  if (value instanceof Float) return value.value;
  const float = Number(value);
  if (!Number.isFinite(float)) run.fail("int-too-large-for-float", "int too large to convert to float", at);
  return float;
}

function isBitwise(operator: BinaryOperator): operator is "&" | "|" | "^" {
  return operator === "&" || operator === "|" || operator === "^";
}

export function isArithmetic(operator: BinaryOperator): boolean {
  return !isBitwise(operator) && operator !== "<<" && operator !== ">>" && operator !== "@";
}

function refuseOperands(run: Run, node: Operation<BinaryOperator>, left: PythonInternal, right: PythonInternal): never {
  const operator = node.operator === "**" ? "** or pow()" : node.operator;
  const message = `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`;
  const hint = node.operator === "^" ? { hint: "'^' is exclusive or; write '**' for a power" } : {};
  return run.fail("operand-type", message, node, hint);
}
