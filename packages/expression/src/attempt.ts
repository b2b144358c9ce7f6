// Evaluating while reading, without a tree. Everything is evaluated, what a condition or a short circuit leaves out too,
// so this is an attempt: as long as nothing fails, the value is the one that the walk comes to, because the walk does some
// of the same operations on the same values. Once something fails, nothing is known, not even whether the text is an
// expression; then a tree is made after all, and the walk says what is true.

import type { Actions } from "./actions.ts";
import type { Scope } from "./evaluate-tree.ts";
import { Run, type SystemFunction } from "./number-system.ts";
import { parseWith } from "./parser.ts";
import type { Language } from "./scanner.ts";
import type { BinaryOperator, ComparisonOperator, NumberToken, Span, UnaryOperator } from "./syntax-tree.ts";

/**
 * What `present` makes of the value, or undefined where that has not been found out.
 * @throws {ExpressionError} when the text is not an expression.
 */
export function attempt<Internal, Presented>(
  source: string,
  language: Language,
  scope: Scope<Internal>,
  present: (run: Run, at: Span, value: Internal) => Presented,
): Presented | undefined {
  const run = new Attempt(source, language, scope);
  try {
    return present(run, nowhere, parseWith(source, language, run) as Internal);
  } catch (error) {
    if (error === failure) return undefined;
    throw error;
  }
}

const failure = Symbol("failure");

/** Where something fails does not matter here. */
const nowhere: Span = { start: 0, end: 0 };

/** Units of work. More is worth a tree, and what is evaluated in vain must not be dear. */
const mostWork = 1000;

/** A function only where it is about to be called. */
type Operand<Internal> = Internal | SystemFunction<Internal>;

class Attempt<Internal> extends Run implements Actions<Operand<Internal>> {
  private readonly scope: Scope<Internal>;
  /** The operation at hand, one object for all: nobody keeps it. */
  private readonly operation = { start: 0, end: 0, operator: "+" as BinaryOperator };

  constructor(source: string, { limits }: Language, scope: Scope<Internal>) {
    super(source, limits);
    this.scope = scope;
    this.workLeft = Math.min(limits.maxWork, mostWork);
  }

  override fail(): never {
    throw failure;
  }

  number(token: NumberToken): Internal {
    return this.scope.system.literal(this, token);
  }

  boolean(_start: number, _end: number, value: boolean): Internal {
    return this.scope.system.boolean(value);
  }

  name(_start: number, _end: number, name: string, isCalled: boolean): Operand<Internal> {
    const { variables, functions } = this.scope;
    return variables.get(name) ?? (isCalled ? functions.get(name) : undefined) ?? this.fail();
  }

  unary(start: number, end: number, operator: UnaryOperator, operand: Internal): Internal {
    return this.scope.system.unary(this, { start, end, operator }, operand);
  }

  binary(_start: number, _end: number, operator: BinaryOperator, left: Internal, right: Internal): Internal {
    this.operation.operator = operator;
    return this.scope.system.binary(this, this.operation, left, right);
  }

  comparison(
    _start: number,
    _end: number,
    operators: readonly ComparisonOperator[],
    operands: readonly Internal[],
  ): Internal {
    const { system } = this.scope;
    return system.boolean(
      operators.every((operator, index) => system.compare(operator, operands[index]!, operands[index + 1]!)),
    );
  }

  logical(_start: number, _end: number, operator: "and" | "or", operands: readonly Internal[]): Internal {
    const { system } = this.scope;
    return operands.find((value) => system.isTrue(value) === (operator === "or")) ?? operands.at(-1)!;
  }

  conditional(_start: number, _end: number, condition: Internal, consequent: Internal, alternate: Internal): Internal {
    return this.scope.system.isTrue(condition) ? consequent : alternate;
  }

  call(start: number, end: number, callee: Operand<Internal>, operands: readonly Internal[]): Internal {
    if (typeof callee !== "function") return this.fail();
    return (callee as SystemFunction<Internal>)(this, { start, end }, operands);
  }

  unsupported(): never {
    return this.fail();
  }
}
