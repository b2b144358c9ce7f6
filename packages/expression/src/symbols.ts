// The signs and words of the two dialects: a row for what both have, and rows for what each has alone or means otherwise.

import type { BinaryOperator, ComparisonOperator } from "./syntax-tree.ts";
import * as Token from "./token.ts";

/** What stands between operands, as the tree names it. */
export type InfixOperator = BinaryOperator | ComparisonOperator | "and" | "or" | "if" | "?";

/** What a sign or a word stands for. */
interface Meaning {
  readonly token: number;
  readonly operator: InfixOperator;
}

/** Spellings, and the operator that they stand for where it is not spelt so. */
type Row = readonly [token: number, spellings: string, operator?: InfixOperator];

/** The signs and words of a dialect. */
export interface Symbols {
  /** By the code of their first character, all of ASCII; those of two characters before the one of one. */
  readonly signs: readonly (Sign | undefined)[];
  /** By their text, with the signs beyond ASCII. */
  readonly words: ReadonlyMap<string, Meaning>;
}

interface Sign extends Meaning {
  /** The code of the second character, or -1 where there is none. */
  readonly second: number;
  /** What begins with the same character and is to be tried next. */
  readonly shorter: Sign | undefined;
}

const shared: readonly Row[] = [
  [Token.Open, "("],
  [Token.Close, ")"],
  [Token.Comma, ","],
  [Token.True, "True"],
  [Token.False, "False"],
  [Token.Or, "or"],
  [Token.And, "and"],
  [Token.Not, "not"],
  [Token.Comparison, "< <= > >= == !="],
  [Token.Sum, "+ -"],
  [Token.Product, "* / // %"],
  [Token.Exponent, "**"],
];

export const pythonSymbols: Symbols = symbols([
  ...shared,
  [Token.Tilde, "~"],
  [Token.Else, "else"],
  [Token.Conditional, "if"],
  [Token.BitOr, "|"],
  [Token.BitXor, "^"],
  [Token.BitAnd, "&"],
  [Token.Shift, "<< >>"],
  [Token.Product, "@"],
  [
    Token.Reserved,
    "None as assert async await break class continue def del except finally for from global import in is lambda " +
      "nonlocal pass raise return try while with yield",
  ],
]);

export const calcSymbols: Symbols = symbols([
  ...shared,
  [Token.True, "true"],
  [Token.False, "false"],
  [Token.Bang, "!"],
  [Token.Colon, ":"],
  [Token.Conditional, "?"],
  [Token.Or, "||", "or"],
  [Token.And, "&&", "and"],
  [Token.Sum, "−", "-"],
  [Token.Product, "× ·", "*"],
  [Token.Product, "÷", "/"],
  [Token.Product, "div", "//"],
  [Token.Product, "mod", "%"],
  [Token.Exponent, "^", "**"],
]);

function symbols(rows: readonly Row[]): Symbols {
  const signs: (Sign | undefined)[] = Array.from({ length: 128 });
  const words = new Map<string, Meaning>();
  const spelt = rows.flatMap(([token, spellings, operator]) =>
    spellings.split(" ").map((text) => ({ text, token, operator: operator ?? (text as InfixOperator) })),
  );
  for (const { text, token, operator } of spelt.toSorted((a, b) => a.text.length - b.text.length)) {
    const code = text.charCodeAt(0);
    const second = text.length > 1 ? text.charCodeAt(1) : -1;
    if (code >= 128 || /[a-z]/i.test(text)) words.set(text, { token, operator });
    else signs[code] = { token, operator, second, shorter: signs[code] };
  }
  return { signs, words };
}
