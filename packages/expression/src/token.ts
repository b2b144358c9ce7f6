// What a token is. Operators that stand between operands are all `Infix`; the scanner's `power` and `operator` say which.
// Constants of a module and not of an object: build tools put the numbers in the place of the names.

export const End = 0;
export const Number = 1;
export const Name = 2;
export const True = 3;
export const False = 4;
export const Open = 5;
export const Close = 6;
export const Comma = 7;
export const Infix = 8;
export const Tilde = 9;
export const Not = 10;
export const Else = 11;
export const Bang = 12;
export const Colon = 13;
export const String = 14;

/** One of these. */
export type Kind =
  | typeof End
  | typeof Number
  | typeof Name
  | typeof True
  | typeof False
  | typeof Open
  | typeof Close
  | typeof Comma
  | typeof Infix
  | typeof Tilde
  | typeof Not
  | typeof Else
  | typeof Bang
  | typeof Colon
  | typeof String;
