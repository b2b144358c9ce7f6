import * as arithmetic from "./decimal-arithmetic.ts";
import type { DecimalContext } from "./decimal-arithmetic.ts";
import { Decimal, DecimalFailure, digitCount, maxExponent, type Rounding } from "./decimal-value.ts";
import type { NumberSystem, Run, SystemFunction } from "./number-system.ts";
import { decimalLiteral } from "./number-text.ts";
import type { ComparisonOperator, Span } from "./syntax-tree.ts";

/** A value of the `decimal` numbers. */
export type DecimalValue = Decimal | boolean;

/** How decimal results are kept. */
export interface DecimalOptions {
  /** Significant digits of a result; 1 to 1,000. Default 28, as Python's `decimal`. */
  readonly precision?: number;
  /** Default `half-even`. */
  readonly rounding?: Rounding;
}

const roundings: readonly Rounding[] = ["up", "down", "half-up", "half-down", "half-even", "ceiling", "floor", "05up"];

/**
 * Decimal floating point as Python's `decimal`: literals are exact as typed, results are rounded to the precision,
 * `0.1 + 0.2` is `0.3` and `1.20 + 1.30` is `2.50`. `//` and `%` truncate. `**` takes whole exponents.
 * @throws {TypeError | RangeError} for options that cannot work.
 */
export function decimal(options: DecimalOptions = {}): NumberSystem<DecimalValue, DecimalValue> {
  const { precision = 28, rounding = "half-even", ...unknown } = options;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw new TypeError(`unknown option ${JSON.stringify(stranger)}`);
  if (!Number.isInteger(precision) || precision < 1 || precision > 1000) {
    throw new RangeError(`precision is ${precision}, must be a whole number from 1 to 1000`);
  }
  if (!roundings.includes(rounding))
    throw new RangeError(`rounding is ${rounding}, must be one of ${roundings.join()}`);
  const context: DecimalContext = { precision, rounding };

  return {
    name: "decimal",
    literal: (run, node) => {
      const { digits, exponent } = decimalLiteral(node.text);
      const length = digitCount(digits);
      if (length > run.limits.maxLiteralDigits) {
        const message = `number has ${length} digits, limit is ${run.limits.maxLiteralDigits}`;
        run.fail("limit-literal-digits", message, node);
      }
      if (Math.abs(exponent + length - 1) > maxExponent) {
        run.fail("decimal-overflow", `number is beyond 1E±${maxExponent}`, node);
      }
      return new Decimal(false, digits, exponent);
    },
    boolean: (value) => value,
    unary: (run, node, operand) => {
      const value = toDecimal(operand);
      switch (node.operator) {
        case "not":
          return !isTrue(operand);
        case "+":
          return guarded(run, node, () => arithmetic.plus(context, value));
        case "-":
          return guarded(run, node, () => arithmetic.minus(context, value));
        default:
          return run.fail("operand-type", `bad operand type for unary ${node.operator}: '${typeName(operand)}'`, node);
      }
    },
    binary: (run, node, left, right) => {
      const [a, b] = [toDecimal(left), toDecimal(right)];
      spendFor(run, node, context, a, b);
      switch (node.operator) {
        case "+":
          return guarded(run, node, () => arithmetic.add(context, a, b));
        case "-":
          return guarded(run, node, () => arithmetic.add(context, a, negated(b)));
        case "*":
          return guarded(run, node, () => arithmetic.multiply(context, a, b));
        case "/":
          return guarded(run, node, () => arithmetic.divide(context, a, b));
        case "//":
          return guarded(run, node, () => arithmetic.divideToInteger(context, a, b).quotient);
        case "%":
          return guarded(run, node, () => arithmetic.divideToInteger(context, a, b).remainder);
        case "**":
          return power(run, node, context, a, b);
        default: {
          const types = `'${typeName(left)}' and '${typeName(right)}'`;
          return run.fail("operand-type", `unsupported operand type(s) for ${node.operator}: ${types}`, node);
        }
      }
    },
    compare: compareValues,
    isTrue,
    typeName,
    functions: functionsFor(context),
    fromPublic: (value) => {
      if (value instanceof Decimal || typeof value === "boolean") return value;
      if (typeof value === "bigint") return new Decimal(value < 0n, value < 0n ? -value : value, 0);
      throw new TypeError(`value is ${typeof value}, must be a Decimal, a bigint or a boolean`);
    },
    toPublic: (value) => value,
    toText: (_run, _at, value) => (typeof value === "boolean" ? (value ? "True" : "False") : value.toString()),
  };
}

function functionsFor(context: DecimalContext): ReadonlyMap<string, SystemFunction<DecimalValue>> {
  const oneOf = (name: string, operator: "<" | ">"): [string, SystemFunction<DecimalValue>] => [
    name,
    (run, call, values) =>
      arity(run, call, name, values, 2, 32).reduce((a, b) => (compareValues(operator, b, a) ? b : a)),
  ];
  return new Map<string, SystemFunction<DecimalValue>>([
    [
      "abs",
      (run, call, values) => {
        const [value] = arity(run, call, "abs", values, 1, 1) as [Decimal];
        return guarded(run, call, () => arithmetic.plus(context, value.isNegative ? negated(value) : value));
      },
    ],
    [
      "int",
      (run, call, values) => {
        const [value] = arity(run, call, "int", values, 1, 1) as [Decimal];
        return guarded(run, call, () => arithmetic.quantize({ ...context, rounding: "down" }, value, 0));
      },
    ],
    oneOf("max", ">"),
    oneOf("min", "<"),
    [
      "pow",
      (run, call, values) => {
        const [base, exponent] = arity(run, call, "pow", values, 2, 2) as [Decimal, Decimal];
        return power(run, call, context, base, exponent);
      },
    ],
    [
      "round",
      (run, call, values) => {
        const [value, places] = arity(run, call, "round", values, 1, 2) as [Decimal, Decimal?];
        const digits = places === undefined ? 0n : wholeNumber(places);
        if (digits === undefined) return run.fail("argument-type", "round() takes a whole number of places", call);
        const exponent = -Number(digits);
        return guarded(run, call, () => arithmetic.quantize({ ...context, rounding: "half-even" }, value, exponent));
      },
    ],
    [
      "sqrt",
      (run, call, values) => {
        const [value] = arity(run, call, "sqrt", values, 1, 1) as [Decimal];
        spendFor(run, call, context, value, value);
        return guarded(run, call, () => arithmetic.squareRoot(context, value));
      },
    ],
  ]);
}

function power(run: Run, at: Span, context: DecimalContext, base: Decimal, exponent: Decimal): Decimal {
  const whole = wholeNumber(exponent);
  if (whole === undefined) return run.fail("inexact", "decimal powers take a whole exponent", at);
  const bits = whole.toString(2).length;
  run.spend(2 * bits * ((context.precision + 40) / 19) ** 2, at);
  return guarded(run, at, () => arithmetic.power(context, base, whole));
}

/** The value as an integer, where it is one that an exponent could be. */
function wholeNumber(value: Decimal): bigint | undefined {
  if (arithmetic.adjusted(value) > 18) return undefined;
  const scale = 10n ** BigInt(Math.min(Math.abs(value.exponent), 5000));
  const coefficient = value.isNegative ? -value.coefficient : value.coefficient;
  if (value.exponent >= 0) return coefficient * scale;
  return coefficient % scale === 0n ? coefficient / scale : undefined;
}

/** Coefficients are bounded by the precision or by the length of a literal; products of them are what costs. */
function spendFor(run: Run, at: Span, context: DecimalContext, a: Decimal, b: Decimal): void {
  const limbs = (value: Decimal) => (digitCount(value.coefficient) + context.precision) / 19 + 1;
  // Counting the digits of operands and results takes a few times as long as the product itself.
  run.spend(4 * limbs(a) * limbs(b), at);
}

/** Gives a failure of the arithmetic its place in the text. */
function guarded(run: Run, at: Span, work: () => Decimal): Decimal {
  try {
    return work();
  } catch (error) {
    if (error instanceof DecimalFailure) return run.fail(error.code, error.message, at);
    throw error;
  }
}

function compareValues(operator: ComparisonOperator, left: DecimalValue, right: DecimalValue): boolean {
  const order = arithmetic.compare(toDecimal(left), toDecimal(right));
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
  }
}

function arity(
  run: Run,
  call: Span,
  name: string,
  values: readonly DecimalValue[],
  least: number,
  most: number,
): Decimal[] {
  if (values.length < least || values.length > most) {
    run.fail("wrong-arity", `${name}() takes ${least} to ${most} arguments (${values.length} given)`, call);
  }
  return values.map(toDecimal);
}

function negated(value: Decimal): Decimal {
  return new Decimal(!value.isNegative, value.coefficient, value.exponent);
}

function toDecimal(value: DecimalValue): Decimal {
  return typeof value === "boolean" ? new Decimal(false, value ? 1n : 0n, 0) : value;
}

function isTrue(value: DecimalValue): boolean {
  return typeof value === "boolean" ? value : value.coefficient !== 0n;
}

function typeName(value: DecimalValue): string {
  return typeof value === "boolean" ? "bool" : "decimal.Decimal";
}
