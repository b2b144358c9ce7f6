/** An answer of the plain dialect. Amounts are decimals in the account's currency, without the dollar sign. */
export type PlainReply =
  | { readonly kind: "balance"; readonly balance: string }
  | { readonly kind: "deposited" | "withdrew"; readonly amount: string; readonly balance: string }
  | { readonly kind: "insufficient-funds" }
  | { readonly kind: "invalid-amount"; readonly verb: "deposit" | "withdraw" }
  | { readonly kind: "invalid-command" }
  /** Not an answer: the line is not finished, nothing was done. Sent to who seems to wait for one. */
  | { readonly kind: "unfinished-line" };

/** Writes a reply in the words of the plain dialect, without a line ending. */
export function encodePlainReply(reply: PlainReply): string {
  switch (reply.kind) {
    case "balance":
      return `Your balance is: $${reply.balance}`;
    case "deposited":
      return `Deposited $${reply.amount}. New balance: $${reply.balance}`;
    case "withdrew":
      return `Withdrew $${reply.amount}. New balance: $${reply.balance}`;
    case "insufficient-funds":
      return "Insufficient funds.";
    case "invalid-amount":
      return reply.verb === "deposit" ? "Invalid deposit amount." : "Invalid withdrawal amount.";
    case "invalid-command":
      return "Invalid command.";
    case "unfinished-line":
      return "Unfinished command: end it with a line feed. Nothing was done.";
  }
}

/** Reads a reply of the plain dialect; undefined when the words are none of its own. */
export function decodePlainReply(text: string): PlainReply | undefined {
  const fixed = FIXED_REPLIES.find((reply) => encodePlainReply(reply) === text);
  if (fixed !== undefined) return fixed;

  const balance = /^Your balance is: \$(\S+)$/.exec(text)?.[1];
  if (balance !== undefined) return { kind: "balance", balance };

  const moved = /^(Deposited|Withdrew) \$(\S+)\. New balance: \$(\S+)$/.exec(text);
  if (moved === null) return undefined;
  const [, verb, amount = "", newBalance = ""] = moved;
  return { kind: verb === "Deposited" ? "deposited" : "withdrew", amount, balance: newBalance };
}

const FIXED_REPLIES: readonly PlainReply[] = [
  { kind: "insufficient-funds" },
  { kind: "invalid-amount", verb: "deposit" },
  { kind: "invalid-amount", verb: "withdraw" },
  { kind: "invalid-command" },
  { kind: "unfinished-line" },
];
