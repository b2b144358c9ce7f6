// Exact fractions of whole numbers. Nothing is rounded, and what has no exact answer has none.

import { checkArity } from "./arity.ts";
import { holds } from "./comparison.ts";
import { bitsOf, divideFloor, divideHalfEven, factorial, productWork } from "./integer.ts";
import type { NumberSystem, Run, SystemFunction } from "./number-system.ts";
import { printingRefused } from "./number-system.ts";
import { decimalLiteral } from "./number-text.ts";
import type { BinaryOperator, ComparisonOperator, Operation, Span } from "./syntax-tree.ts";

/** A fraction in lowest terms; the denominator is positive. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  /**
   * @param common What both have in common, where that is known; finding it is the dearest part.
   * @throws {RangeError} when the denominator is 0.
   */
  constructor(
    numerator: bigint,
    denominator: bigint = 1n,
    common: bigint = greatestCommonDivisor(numerator, denominator),
  ) {
    if (denominator === 0n) throw new RangeError("denominator is 0, must not be");
    const divisor = denominator < 0n ? -common : common;
    this.numerator = numerator / divisor;
    this.denominator = denominator / divisor;
    Object.freeze(this);
  }

  /** `numerator/denominator`, or the numerator alone where it is whole. */
  toString(): string {
    return this.denominator === 1n ? `${this.numerator}` : `${this.numerator}/${this.denominator}`;
  }
}

/** A value of the `rational` numbers. */
export type RationalValue = Rational | boolean;

/** Exact fractions: `1/3 + 1/6` is `1/2` and `0.1` is a tenth. `**` takes whole exponents; roots are refused. */
export const rational: NumberSystem<RationalValue, RationalValue> = {
  name: "rational",
  literal: (run, node) => {
    const { digits, exponent } = decimalLiteral(run.textOf(node));
    run.checkBits(Math.ceil(Math.abs(exponent) * Math.log2(10)), node);
    run.spend((Math.abs(exponent) / 19) ** 2 + ((node.end - node.start) / 19) ** 2, node);
    const scale = 10n ** BigInt(Math.abs(exponent));
    return exponent < 0 ? fraction(run, node, digits, scale) : new Rational(digits * scale);
  },
  boolean: (value) => value,
  unary: (run, node, operand) => {
    const value = toRational(operand);
    switch (node.operator) {
      case "not":
        return !isTrue(operand);
      case "+":
        return value;
      case "-":
        return new Rational(-value.numerator, value.denominator);
      case "!":
        if (value.denominator !== 1n) run.fail("domain", "factorial() only accepts integral values", node);
        return new Rational(BigInt(factorial(run, node, Number(value.numerator))));
      default:
        return run.fail("operand-type", `bad operand type for unary ${node.operator}: '${typeName(operand)}'`, node);
    }
  },
  binary: (run, node, left, right) => binary(run, node, toRational(left), toRational(right)),
  compare,
  isTrue,
  typeName,
  functions: new Map<string, SystemFunction<RationalValue>>([
    taking("abs", 1, 1, (_run, _call, [value]) =>
      value!.numerator < 0n ? new Rational(-value!.numerator, value!.denominator) : value!,
    ),
    taking("int", 1, 1, (_run, _call, [value]) => new Rational(value!.numerator / value!.denominator)),
    taking("max", 2, 32, (_run, _call, values) => values.reduce((a, b) => (compare(">", b, a) ? b : a))),
    taking("min", 2, 32, (_run, _call, values) => values.reduce((a, b) => (compare("<", b, a) ? b : a))),
    taking("pow", 2, 2, (run, call, [base, exponent]) => power(run, call, base!, exponent!)),
    taking("round", 1, 2, round),
  ]),
  fromPublic: (value) => {
    if (typeof value === "bigint") return new Rational(value);
    if (value instanceof Rational || typeof value === "boolean") return value;
    throw new TypeError(`value is ${typeof value}, must be a Rational, a bigint or a boolean`);
  },
  toPublic: (value) => value,
  toText: (run, at, value) => {
    if (typeof value === "boolean") return value ? "True" : "False";
    const limit = run.limits.maxResultDigits;
    const bits = Math.max(bitsOf(value.numerator), bitsOf(value.denominator));
    if (bits * Math.log10(2) > limit + 2) run.fail("limit-result-digits", printingRefused(limit), at);
    return value.toString();
  },
};

function taking(
  name: string,
  least: number,
  most: number,
  work: (run: Run, call: Span, values: readonly Rational[]) => RationalValue,
): [string, SystemFunction<RationalValue>] {
  const checked: SystemFunction<RationalValue> = (run, call, values) => {
    checkArity(run, call, name, values.length, least, most);
    return work(run, call, values.map(toRational));
  };
  return [name, checked];
}

function binary(run: Run, node: Operation<BinaryOperator>, a: Rational, b: Rational): RationalValue {
  switch (node.operator) {
    case "+":
    case "-": {
      const sign = node.operator === "+" ? 1n : -1n;
      widen(run, node, a.numerator, b.denominator);
      widen(run, node, b.numerator, a.denominator);
      const numerator = a.numerator * b.denominator + sign * b.numerator * a.denominator;
      return fraction(run, node, numerator, product(run, node, a.denominator, b.denominator));
    }
    case "*":
      return fraction(
        run,
        node,
        product(run, node, a.numerator, b.numerator),
        product(run, node, a.denominator, b.denominator),
      );
    case "/":
      return divide(run, node, a, b);
    case "//":
      return new Rational(floor(divide(run, node, a, b)));
    case "%": {
      const whole = new Rational(floor(divide(run, node, a, b)));
      return binary(run, { ...node, operator: "-" }, a, binary(run, { ...node, operator: "*" }, whole, b) as Rational);
    }
    case "**":
      return power(run, node, a, b);
    default:
      return run.fail(
        "operand-type",
        `unsupported operand type(s) for ${node.operator}: '${typeName(a)}' and '${typeName(b)}'`,
        node,
      );
  }
}

function divide(run: Run, at: Span, a: Rational, b: Rational): Rational {
  if (b.numerator === 0n) run.fail("division-by-zero", "division by zero", at);
  return fraction(run, at, product(run, at, a.numerator, b.denominator), product(run, at, a.denominator, b.numerator));
}

function power(run: Run, at: Span, base: Rational, exponent: Rational): Rational {
  if (exponent.denominator !== 1n) {
    return run.fail(
      "inexact",
      `a power of ${exponent.denominator < 100n ? exponent.toString() : "a fraction"} is not exact`,
      at,
    );
  }
  const isInverse = exponent.numerator < 0n;
  if (isInverse && base.numerator === 0n) run.fail("division-by-zero", "0 cannot be raised to a negative power", at);
  const count = isInverse ? -exponent.numerator : exponent.numerator;
  const bits = Math.max(bitsOf(base.numerator), bitsOf(base.denominator));
  const isUnit = base.denominator === 1n && base.numerator >= -1n && base.numerator <= 1n;
  if (isUnit) return new Rational(count === 0n ? 1n : base.numerator ** (2n - (count & 1n)));
  // What is surely too wide is refused before it is computed.
  run.checkBits((bits - 1) * Number(count) + 1, at);
  run.spend(2 * productWork(bits * Number(count), bits * Number(count)), at);
  const [numerator, denominator] = [base.numerator ** count, base.denominator ** count];
  return isInverse ? new Rational(denominator, numerator, 1n) : new Rational(numerator, denominator, 1n);
}

/** To whole numbers, or to places after the point; halves to even. */
function round(run: Run, call: Span, [value, places]: readonly Rational[]): RationalValue {
  const digits = Number(places?.numerator ?? 0n);
  run.checkBits(Math.abs(digits) * 4, call);
  const unit = new Rational(10n ** BigInt(Math.abs(digits)));
  const operator = digits < 0 ? "/" : "*";
  const scaled = binary(run, { ...call, operator }, value!, unit) as Rational;
  const rounded = new Rational(divideHalfEven(scaled.numerator, scaled.denominator));
  return binary(run, { ...call, operator: digits < 0 ? "*" : "/" }, rounded, unit);
}

/** A fraction brought to lowest terms, which takes a step of Euclid's for each bit or so. */
function fraction(run: Run, at: Span, numerator: bigint, denominator: bigint): Rational {
  const bits = Math.min(bitsOf(numerator), bitsOf(denominator));
  run.spend(bits * Math.ceil(bits / 64), at);
  return new Rational(numerator, denominator);
}

function product(run: Run, at: Span, a: bigint, b: bigint): bigint {
  widen(run, at, a, b);
  return a * b;
}

function widen(run: Run, at: Span, a: bigint, b: bigint): void {
  const [left, right] = [bitsOf(a), bitsOf(b)];
  run.checkBits(left + right - 1, at);
  run.spend(productWork(left, right), at);
}

function floor({ numerator, denominator }: Rational): bigint {
  return divideFloor(numerator, denominator);
}

function compare(operator: ComparisonOperator, left: RationalValue, right: RationalValue): boolean {
  const [a, b] = [toRational(left), toRational(right)];
  return holds(operator, a.numerator * b.denominator - b.numerator * a.denominator);
}

function isTrue(value: RationalValue): boolean {
  return typeof value === "boolean" ? value : value.numerator !== 0n;
}

function typeName(value: RationalValue): string {
  return typeof value === "boolean" ? "bool" : value.denominator === 1n ? "int" : "Fraction";
}

function toRational(value: RationalValue): Rational {
  return typeof value === "boolean" ? new Rational(value ? 1n : 0n) : value;
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [a, b] = [left < 0n ? -left : left, right < 0n ? -right : right];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
