import { checkArity } from "./arity.ts";
import { holds } from "./comparison.ts";
import * as arithmetic from "./decimal-arithmetic.ts";
import type { DecimalContext } from "./decimal-arithmetic.ts";
import { Decimal, DecimalFailure, digitCount, maxExponent, type Rounding } from "./decimal-value.ts";
import { factorial } from "./integer.ts";
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
      const { digits, exponent } = decimalLiteral(run.textOf(node));
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
      if (node.operator === "not") return !isTrue(operand);
      return guarded(run, node, () => {
        switch (node.operator) {
          case "+":
            return arithmetic.plus(context, value);
          case "-":
            return arithmetic.minus(context, value);
          case "!": {
            const count = wholeNumber(value) ?? run.fail("domain", "factorial() only accepts integral values", node);
            return arithmetic.plus(context, fromInteger(BigInt(factorial(run, node, Number(count)))));
          }
          default:
            return run.fail("operand-type", `bad operand type for unary ~: '${typeName(operand)}'`, node);
        }
      });
    },
    binary: (run, node, left, right) => {
      const [a, b] = [toDecimal(left), toDecimal(right)];
      spendFor(run, node, context, a, b);
      return guarded(run, node, () => {
        switch (node.operator) {
          case "+":
            return arithmetic.add(context, a, b);
          case "-":
            return arithmetic.add(context, a, negated(b));
          case "*":
            return arithmetic.multiply(context, a, b);
          case "/":
            return arithmetic.divide(context, a, b);
          case "//":
            return arithmetic.divideToInteger(context, a, b).quotient;
          case "%":
            return arithmetic.divideToInteger(context, a, b).remainder;
          case "**":
            return power(run, node, context, a, b);
          default: {
            const types = `'${typeName(left)}' and '${typeName(right)}'`;
            return run.fail("operand-type", `unsupported operand type(s) for ${node.operator}: ${types}`, node);
          }
        }
      });
    },
    compare: compareValues,
    isTrue,
    typeName,
    functions: functionsFor(context),
    fromPublic: (value) => {
      if (value instanceof Decimal || typeof value === "boolean") return value;
      if (typeof value === "bigint") return fromInteger(value);
      throw new TypeError(`value is ${typeof value}, must be a Decimal, a bigint or a boolean`);
    },
    toPublic: (value) => value,
    toText: (_run, _at, value) => (typeof value === "boolean" ? (value ? "True" : "False") : value.toString()),
  };
}

function functionsFor(context: DecimalContext): ReadonlyMap<string, SystemFunction<DecimalValue>> {
  return new Map<string, SystemFunction<DecimalValue>>([
    taking("abs", 1, 1, (_run, _call, [value]) =>
      arithmetic.plus(context, value!.isNegative ? negated(value!) : value!),
    ),
    taking("int", 1, 1, (_run, _call, [value]) => arithmetic.quantize({ ...context, rounding: "down" }, value!, 0)),
    taking("max", 2, 32, (_run, _call, values) => values.reduce((a, b) => (compareValues(">", b, a) ? b : a))),
    taking("min", 2, 32, (_run, _call, values) => values.reduce((a, b) => (compareValues("<", b, a) ? b : a))),
    taking("pow", 2, 2, (run, call, [base, exponent]) => power(run, call, context, base!, exponent!)),
    taking("round", 1, 2, (run, call, [value, places]) => {
      const digits = places === undefined ? 0n : wholeNumber(places);
      if (digits === undefined) return run.fail("argument-type", "round() takes a whole number of places", call);
      return arithmetic.quantize({ ...context, rounding: "half-even" }, value!, -Number(digits));
    }),
    taking("sqrt", 1, 1, (run, call, [value]) => {
      spendFor(run, call, context, value!, value!);
      return arithmetic.squareRoot(context, value!);
    }),
  ]);
}

function taking(
  name: string,
  least: number,
  most: number,
  work: (run: Run, call: Span, values: readonly Decimal[]) => Decimal,
): [string, SystemFunction<DecimalValue>] {
  const checked: SystemFunction<DecimalValue> = (run, call, values) => {
    checkArity(run, call, name, values.length, least, most);
    return guarded(run, call, () => work(run, call, values.map(toDecimal)));
  };
  return [name, checked];
}

function power(run: Run, at: Span, context: DecimalContext, base: Decimal, exponent: Decimal): Decimal {
  const whole = wholeNumber(exponent);
  if (whole === undefined) return run.fail("inexact", "decimal powers take a whole exponent", at);
  const bits = whole.toString(2).length;
  run.spend(2 * bits * ((context.precision + 40) / 19) ** 2, at);
  return arithmetic.power(context, base, whole);
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
  return holds(operator, arithmetic.compare(toDecimal(left), toDecimal(right)));
}

function negated(value: Decimal): Decimal {
  return new Decimal(!value.isNegative, value.coefficient, value.exponent);
}

function fromInteger(value: bigint): Decimal {
  return new Decimal(value < 0n, value < 0n ? -value : value, 0);
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
