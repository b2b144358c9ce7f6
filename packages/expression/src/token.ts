// What a token is: a small number, or for what stands between operands how tightly it holds them, with gaps for
// `token + 1`, "tighter than this one". Constants of a module and not of an object: build tools put the numbers in the
// place of the names.

export const End = 0;
export const Number = 1;
export const Name = 2;
export const True = 3;
export const False = 4;
export const Open = 5;
export const Close = 6;
export const Comma = 7;
export const Tilde = 8;
export const Else = 9;
export const Bang = 10;
export const Colon = 11;
export const String = 12;
export const Not = 13;
/** A word of the language that no expression has. */
export const Reserved = 14;

/** From here on they stand between operands; `Inversion` and `Unary` are how tightly `not` and signs hold theirs. */
export const Conditional = 20;
export const Or = 30;
export const And = 40;
export const Inversion = 50;
export const Comparison = 60;
export const BitOr = 70;
export const BitXor = 80;
export const BitAnd = 90;
export const Shift = 100;
export const Sum = 110;
export const Product = 120;
export const Unary = 130;
export const Exponent = 140;
