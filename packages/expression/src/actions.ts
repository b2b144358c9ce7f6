// What is done with what the parser has read: the grammar is the same whether a tree is wanted or a value at once.

import type {
  BinaryOperator,
  ComparisonOperator,
  Expression,
  NumberToken,
  UnaryOperator,
  UnsupportedExpression,
} from "./syntax-tree.ts";

/**
 * Semantic actions: one for each kind of node, given what the node has. The parser takes them in the order of the text,
 * operands before what holds them.
 */
export interface Actions<Result> {
  /** @param token To be copied: it is the scanner itself. */
  number(token: NumberToken): Result;
  boolean(start: number, end: number, value: boolean): Result;
  /** @param isCalled Whether arguments follow. */
  name(start: number, end: number, name: string, isCalled: boolean): Result;
  unary(start: number, end: number, operator: UnaryOperator, operand: Result): Result;
  binary(start: number, end: number, operator: BinaryOperator, left: Result, right: Result): Result;
  comparison(start: number, end: number, operators: readonly ComparisonOperator[], operands: readonly Result[]): Result;
  logical(start: number, end: number, operator: "and" | "or", operands: readonly Result[]): Result;
  conditional(start: number, end: number, condition: Result, consequent: Result, alternate: Result): Result;
  call(start: number, end: number, callee: Result, operands: readonly Result[]): Result;
  unsupported(
    start: number,
    end: number,
    construct: UnsupportedExpression["construct"],
    operands: readonly Result[],
  ): Result;
}

/** Makes the tree. Its numbers have no text of their own yet, which who evaluates it once can do without. */
export const treeActions: Actions<Expression> = {
  number: ({ start, end, isInteger, nearest }) => ({ type: "number", start, end, text: "", isInteger, nearest }),
  boolean: (start, end, value) => ({ type: "boolean", start, end, value }),
  name: (start, end, name) => ({ type: "name", start, end, name }),
  unary: (start, end, operator, operand) => ({ type: "unary", start, end, operator, operand }),
  binary: (start, end, operator, left, right) => ({ type: "binary", start, end, operator, left, right }),
  comparison: (start, end, operators, operands) => ({ type: "comparison", start, end, operators, operands }),
  logical: (start, end, operator, operands) => ({ type: "logical", start, end, operator, operands }),
  conditional: (start, end, condition, consequent, alternate) => ({
    type: "conditional",
    start,
    end,
    condition,
    consequent,
    alternate,
  }),
  call: (start, end, callee, operands) => ({ type: "call", start, end, callee, arguments: operands }),
  unsupported: (start, end, construct, operands) => ({ type: "unsupported", start, end, construct, operands }),
};
