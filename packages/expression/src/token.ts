// What the scanner tells the parser.

import type { BinaryOperator, ComparisonOperator } from "./syntax-tree.ts";

/** What a token is. Operators that stand between operands are all `Infix`; `power` and `operator` say which. */
export const Token = {
  End: 0,
  Number: 1,
  Name: 2,
  True: 3,
  False: 4,
  Open: 5,
  Close: 6,
  Comma: 7,
  Infix: 8,
  Tilde: 9,
  Not: 10,
  Else: 11,
  Bang: 12,
  Colon: 13,
  String: 14,
} as const;
export type Token = (typeof Token)[keyof typeof Token];

/** How tightly an operator holds its operands. Gaps leave room for `power + 1`, "tighter than this one". */
export const Power = {
  None: 0,
  Conditional: 10,
  Or: 20,
  And: 30,
  Not: 40,
  Comparison: 50,
  BitOr: 60,
  BitXor: 70,
  BitAnd: 80,
  Shift: 90,
  Sum: 100,
  Product: 110,
  Unary: 120,
  Exponent: 130,
} as const;

/** What may stand between operands. */
export type InfixOperator = BinaryOperator | ComparisonOperator | "and" | "or" | "if" | "?";
