// The float operations that nearly every compiled expression is made of. An operand that is a variable or a constant is
// read from its slot on the spot: without that, half of all calls in an expression would only fetch a value.

import type { Run } from "./number-system.ts";
import { floatQuotient } from "./python-arithmetic.ts";
import type { BinaryTapeOperator } from "./float-tape.ts";
import type { Span } from "./syntax-tree.ts";

/** Values of the variables, in the order of their names; behind them constants, and what long sums keep between terms. */
export type Slots = (number | bigint | boolean)[];
type Floats = readonly number[];
type FloatCode = (run: Run, slots: Slots) => number;

/** A closure, and the slot that it reads when it does nothing else. */
export interface FloatOperand {
  readonly code: FloatCode;
  readonly slot?: number | undefined;
}

/** The closure for `+ - * /` on two floats. */
export function fusedFloats(
  at: Span,
  operator: BinaryTapeOperator,
  left: FloatOperand,
  right: FloatOperand,
): FloatCode {
  const [a, b] = [left.code, right.code];
  const [i, j] = [left.slot, right.slot];
  switch (operator) {
    case "+":
      if (i !== undefined && j !== undefined) return (_run, slots) => (slots as Floats)[i]! + (slots as Floats)[j]!;
      if (i !== undefined) return (run, slots) => (slots as Floats)[i]! + b(run, slots);
      if (j !== undefined) return (run, slots) => a(run, slots) + (slots as Floats)[j]!;
      return (run, slots) => a(run, slots) + b(run, slots);
    case "-":
      if (i !== undefined && j !== undefined) return (_run, slots) => (slots as Floats)[i]! - (slots as Floats)[j]!;
      if (i !== undefined) return (run, slots) => (slots as Floats)[i]! - b(run, slots);
      if (j !== undefined) return (run, slots) => a(run, slots) - (slots as Floats)[j]!;
      return (run, slots) => a(run, slots) - b(run, slots);
    case "*":
      if (i !== undefined && j !== undefined) return (_run, slots) => (slots as Floats)[i]! * (slots as Floats)[j]!;
      if (i !== undefined) return (run, slots) => (slots as Floats)[i]! * b(run, slots);
      if (j !== undefined) return (run, slots) => a(run, slots) * (slots as Floats)[j]!;
      return (run, slots) => a(run, slots) * b(run, slots);
    case "/":
      if (i !== undefined) return (run, slots) => floatQuotient(run, at, (slots as Floats)[i]!, b(run, slots));
      if (j !== undefined) return (run, slots) => floatQuotient(run, at, a(run, slots), (slots as Floats)[j]!);
      return (run, slots) => floatQuotient(run, at, a(run, slots), b(run, slots));
  }
}
