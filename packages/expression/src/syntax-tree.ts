// The tree that `parse` gives. Every node knows which part of the text it came from.

/** Any node of the tree; told apart by `type`. */
export type Expression =
  | NumberLiteral
  | BooleanLiteral
  | NameExpression
  | UnaryExpression
  | BinaryExpression
  | ComparisonExpression
  | LogicalExpression
  | ConditionalExpression
  | CallExpression
  | UnsupportedExpression;

/** Where something stands in the text: offsets in UTF-16 units, `end` exclusive, as `text.slice(start, end)` takes them. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A number as it was typed; the number system decides what it is worth. */
export interface NumberToken extends Span {
  /** Whether it was written as a whole number, without point and exponent. */
  readonly isInteger: boolean;
  /** The nearest float64. Exact when `isInteger` and at most 2^53 - 1. */
  readonly nearest: number;
}

/** A number in the tree. */
export interface NumberLiteral extends NumberToken {
  readonly type: "number";
  /** The digits as typed: `1_000`, `0xff`, `.5e3`. */
  readonly text: string;
}

/** An operator and its place: that of the whole expression, its operands included. */
export interface Operation<Operator> extends Span {
  readonly operator: Operator;
}

/** `True` or `False`. */
export interface BooleanLiteral extends Span {
  readonly type: "boolean";
  readonly value: boolean;
}

/** A variable, a constant or a function's name. */
export interface NameExpression extends Span {
  readonly type: "name";
  readonly name: string;
}

/** One operator before its operand, or the factorial after it. The span is the whole expression's, the operator's included. */
export interface UnaryExpression extends Operation<UnaryOperator> {
  readonly type: "unary";
  readonly operand: Expression;
}

/** Two operands and the operator between them. */
export interface BinaryExpression extends Operation<BinaryOperator> {
  readonly type: "binary";
  readonly left: Expression;
  readonly right: Expression;
}

/** `a < b <= c`: true when each pair is; an operand is evaluated once, and not at all after a pair that fails. */
export interface ComparisonExpression extends Span {
  readonly type: "comparison";
  /** One fewer than the operands. */
  readonly operators: readonly ComparisonOperator[];
  readonly operands: readonly Expression[];
}

/** `a and b and c`: the first operand that decides, or the last. */
export interface LogicalExpression extends Span {
  readonly type: "logical";
  readonly operator: "and" | "or";
  readonly operands: readonly Expression[];
}

/** `consequent if condition else alternate`. */
export interface ConditionalExpression extends Span {
  readonly type: "conditional";
  readonly condition: Expression;
  readonly consequent: Expression;
  readonly alternate: Expression;
}

/** `callee(arguments)`. Only the name of a function can be called; anything else is an error when it is evaluated, as in Python. */
export interface CallExpression extends Span {
  readonly type: "call";
  readonly callee: Expression;
  readonly arguments: readonly Expression[];
}

/** A string or a tuple: valid Python without a number's value. Evaluating it is an error, after its operands have been. */
export interface UnsupportedExpression extends Span {
  readonly type: "unsupported";
  readonly construct: "a string" | "a tuple";
  readonly operands: readonly Expression[];
}

/** Operators with one operand. `!` is the factorial of the calc dialect. */
export type UnaryOperator = "+" | "-" | "~" | "not" | "!";

/** Operators with two operands. `@` exists so that it can be refused for its operands, as Python does. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**" | "&" | "|" | "^" | "<<" | ">>" | "@";

/** Operators that compare. */
export type ComparisonOperator = "<" | "<=" | ">" | ">=" | "==" | "!=";
