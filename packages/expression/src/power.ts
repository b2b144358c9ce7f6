// How tightly an operator holds its operands. Gaps leave room for `power + 1`, "tighter than this one".

export const None = 0;
export const Conditional = 10;
export const Or = 20;
export const And = 30;
export const Not = 40;
export const Comparison = 50;
export const BitOr = 60;
export const BitXor = 70;
export const BitAnd = 80;
export const Shift = 90;
export const Sum = 100;
export const Product = 110;
export const Unary = 120;
export const Exponent = 130;
