// Python 3.11's operators on int, float and bool.

import { floatFloorDivide, floatModulo } from "./float.ts";
import { floatPower } from "./float-power.ts";
import * as integer from "./integer.ts";
import type { Integer } from "./integer.ts";
import type { Run } from "./number-system.ts";
import { Float, typeName, type PythonInternal } from "./python-value.ts";
import type { BinaryOperator, ComparisonOperator, Span, UnaryExpression } from "./syntax-tree.ts";

/** An operator and where it stands; a node of the tree is one. */
interface Operation extends Span {
  readonly operator: BinaryOperator;
}

export function binary(run: Run, node: Operation, left: PythonInternal, right: PythonInternal): PythonInternal {
  if (left instanceof Float) {
    if (right instanceof Float) return floatBinary(run, node, left.value, right.value);
    if (isArithmetic(node.operator)) return floatBinary(run, node, left.value, toFloat(run, node, right));
  } else if (right instanceof Float) {
    if (isArithmetic(node.operator)) return floatBinary(run, node, toFloat(run, node, left), right.value);
  } else if (typeof left === "boolean" && typeof right === "boolean" && isBitwise(node.operator)) {
    return integer.bitwise(node.operator, Number(left), Number(right)) === 1;
  } else {
    return intBinary(run, node, toInt(left), toInt(right));
  }
  return refuseOperands(run, node, left, right);
}

function intBinary(run: Run, node: Operation, left: Integer, right: Integer): PythonInternal {
  switch (node.operator) {
    case "+":
      return integer.add(run, node, left, right);
    case "-":
      return integer.subtract(run, node, left, right);
    case "*":
      return integer.multiply(run, node, left, right);
    case "/":
      return new Float(intQuotient(run, node, left, right));
    case "//":
      return intFloorDivide(run, node, left, right);
    case "%":
      return intModulo(run, node, left, right);
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

function floatBinary(run: Run, node: Operation, left: number, right: number): PythonInternal {
  switch (node.operator) {
    case "+":
      return new Float(left + right);
    case "-":
      return new Float(left - right);
    case "*":
      return new Float(left * right);
    case "/":
      return new Float(floatQuotient(run, node, left, right));
    case "//":
      return new Float(floatFloor(run, node, left, right));
    case "%":
      return new Float(floatRemainder(run, node, left, right));
    case "**":
      return new Float(floatRaise(run, node, left, right));
    default:
      return refuseOperands(run, node, new Float(left), new Float(right));
  }
}

export function intQuotient(run: Run, at: Span, left: Integer, right: Integer): number {
  if (right === 0) run.fail("division-by-zero", "division by zero", at);
  if (typeof left === "bigint" || typeof right === "bigint") {
    run.spend(2 * integer.productWork(integer.bitsOf(BigInt(left)), integer.bitsOf(BigInt(right))), at);
  }
  const quotient = integer.divideToFloat(left, right);
  if (!Number.isFinite(quotient)) {
    run.fail("int-too-large-for-float", "integer division result too large for a float", at);
  }
  return quotient;
}

export function intFloorDivide(run: Run, at: Span, left: Integer, right: Integer): Integer {
  if (right === 0) run.fail("division-by-zero", "integer division or modulo by zero", at);
  return integer.floorDivide(run, at, left, right);
}

export function intModulo(run: Run, at: Span, left: Integer, right: Integer): Integer {
  if (right === 0) run.fail("division-by-zero", "integer modulo by zero", at);
  return integer.modulo(run, at, left, right);
}

export function floatQuotient(run: Run, at: Span, left: number, right: number): number {
  if (right === 0) run.fail("division-by-zero", "float division by zero", at);
  return left / right;
}

export function floatFloor(run: Run, at: Span, left: number, right: number): number {
  if (right === 0) run.fail("division-by-zero", "float floor division by zero", at);
  return floatFloorDivide(left, right);
}

export function floatRemainder(run: Run, at: Span, left: number, right: number): number {
  if (right === 0) run.fail("division-by-zero", "float modulo", at);
  return floatModulo(left, right);
}

/** `left ** right` on floats: the one float operation that overflows to an error and not to infinity. */
export function floatRaise(run: Run, at: Span, left: number, right: number): number {
  if (left === 0 && right < 0) run.fail("division-by-zero", "0.0 cannot be raised to a negative power", at);
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

export function unary(run: Run, node: UnaryExpression, operand: PythonInternal): PythonInternal {
  if (node.operator === "not") return !isTrue(operand);
  if (operand instanceof Float) {
    if (node.operator === "-") return new Float(-operand.value);
    if (node.operator === "+") return operand;
    if (node.operator === "~") run.fail("operand-type", "bad operand type for unary ~: 'float'", node);
    return factorial(run, node, operand.value);
  }
  const value = toInt(operand);
  switch (node.operator) {
    case "+":
      return value;
    case "-":
      return typeof value === "number" ? 0 - value : integer.toInteger(-value);
    case "~":
      return integer.subtract(run, node, typeof value === "number" ? 0 - value : -value, 1);
    case "!":
      return factorial(run, node, value);
  }
}

/** `n!`. Refused from its size alone when it would be too wide. */
function factorial(run: Run, at: Span, operand: Integer | number): Integer {
  const count = Number(operand);
  if (!Number.isInteger(count)) run.fail("domain", "factorial() only accepts integral values", at);
  if (count < 0) run.fail("domain", "factorial() not defined for negative values", at);
  // Stirling: log2(n!) is more than n * (log2(n) - log2(e)).
  run.checkBits(Math.floor(count * (Math.log2(Math.max(count, 1)) - Math.LOG2E)), at);
  const bits = count * Math.log2(Math.max(count, 2));
  run.spend((count * bits) / 128, at);
  let result = 1n;
  for (let factor = 2; factor <= count; factor++) result *= BigInt(factor);
  return integer.toInteger(result);
}

export function compare(operator: ComparisonOperator, left: PythonInternal, right: PythonInternal): boolean {
  return compareValues(
    operator,
    left instanceof Float ? left.value : left,
    right instanceof Float ? right.value : right,
  );
}

/** Exact between int and float: neither is converted first. */
export function compareValues(operator: ComparisonOperator, a: Integer | boolean, b: Integer | boolean): boolean {
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

/** An int or bool as a float, where a float is near enough. */
export function toFloat(run: Run, at: Span, value: Integer | boolean): number {
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

function refuseOperands(run: Run, node: Operation, left: PythonInternal, right: PythonInternal): never {
  const operator = node.operator === "**" ? "** or pow()" : node.operator;
  const message = `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`;
  const hint = node.operator === "^" ? { hint: "'^' is exclusive or; write '**' for a power" } : {};
  return run.fail("operand-type", message, node, hint);
}
