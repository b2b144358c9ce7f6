/** What a line of the plain dialect asks for. Amounts stay text: how many decimals they may have is the account's. */
export type PlainRequest =
  | { readonly kind: "balance" }
  | { readonly kind: "deposit" | "withdraw"; readonly amount: string }
  /** The verb is known, what follows it is not one decimal amount. */
  | { readonly kind: "invalid-amount"; readonly verb: "deposit" | "withdraw" }
  | { readonly kind: "invalid-command" };

/** Digits, and at most one point between digits: no sign, exponent, grouping or leading zero. */
const DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Reads a request of the plain dialect, without its line ending. Blanks (space, tab) separate words and are trimmed at
 * the ends; case matters. Never throws: what is not a request is a kind of its own.
 */
export function decodePlainRequest(text: string): PlainRequest {
  const [verb, ...words] = text.split(/[ \t]+/).filter((word) => word !== "");
  if (verb === "check_balance" && words.length === 0) return { kind: "balance" };
  if (verb !== "deposit" && verb !== "withdraw") return { kind: "invalid-command" };
  const [amount] = words;
  if (words.length !== 1 || amount === undefined || !DECIMAL.test(amount)) return { kind: "invalid-amount", verb };
  return { kind: verb, amount };
}
