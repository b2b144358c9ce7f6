import type { AccountTerms, Side } from "./account.ts";

/** One side of an entry: an amount debited or credited to an account. */
export interface Leg {
  readonly account: string;
  readonly side: Side;
  /** Minor units, 1 to 2^63 - 1. */
  readonly amountMinor: bigint;
}

interface Identified {
  /** Who sends the command: ids of different principals never meet. 1 to 64 characters. */
  readonly principal: string;
  /** The idempotency key, 1 to 64 printable ASCII characters without blanks, made by the sender, valid for ever. */
  readonly id: string;
}

/** Opens an account. */
export interface OpenCommand extends Identified, AccountTerms {
  readonly kind: "open";
}

/** Posts one entry: 2 to 64 legs whose debits equal their credits in each currency. All of it happens, or nothing. */
export interface PostCommand extends Identified {
  readonly kind: "post";
  readonly legs: readonly Leg[];
}

/** Something that changes the books. */
export type Command = OpenCommand | PostCommand;

interface Movement extends Identified {
  readonly amountMinor: bigint;
}

/** Moves money between two accounts: debits `from`, credits `to`. */
export function transfer({
  principal,
  id,
  amountMinor,
  from,
  to,
}: Movement & { from: string; to: string }): PostCommand {
  return {
    kind: "post",
    principal,
    id,
    legs: [
      { account: from, side: "debit", amountMinor },
      { account: to, side: "credit", amountMinor },
    ],
  };
}

/** Cash comes in: the bank holds more of it, and owes more to the customer. */
export function deposit({ account, ...movement }: Movement & { account: string }): PostCommand {
  return transfer({ ...movement, from: "@cash", to: account });
}

/** Cash is paid out to the customer. */
export function withdraw({ account, ...movement }: Movement & { account: string }): PostCommand {
  return transfer({ ...movement, from: account, to: "@cash" });
}

/** The accounts that deciding a command reads: what a store with only part of the books in memory has to load. */
export function touches(command: Command): readonly string[] {
  return command.kind === "open" ? [command.account] : [...new Set(command.legs.map((leg) => leg.account))];
}

/**
 * What a command asks for, as text: two commands with one id are the same request exactly if their contents are equal.
 * Principal and id are left out; they are what the content is filed under.
 */
export function contentOf(command: Command): string {
  switch (command.kind) {
    case "open":
      return JSON.stringify([
        "open",
        command.account,
        command.currency,
        command.normalSide,
        command.minBalanceMinor?.toString() ?? null,
      ]);
    case "post":
      return JSON.stringify([
        "post",
        ...command.legs.map((leg) => [leg.account, leg.side, leg.amountMinor.toString()]),
      ]);
  }
}

/** The command a content came from: the inverse of {@link contentOf}. For journals that this package wrote. */
export function commandOf(content: string, identity: Identified): Command {
  const [kind, ...rest] = JSON.parse(content) as [string, ...unknown[]];
  if (kind === "open") {
    const [account, currency, normalSide, minBalance] = rest as [string, string, Side, string | null];
    const minBalanceMinor = minBalance === null ? null : BigInt(minBalance);
    return { kind, ...identity, account, currency, normalSide, minBalanceMinor };
  }
  if (kind === "post") {
    const legs = (rest as [string, Side, string][]).map(([account, side, amount]) => ({
      account,
      side,
      amountMinor: BigInt(amount),
    }));
    return { kind, ...identity, legs };
  }
  throw new TypeError(`journal holds a command of unknown kind ${JSON.stringify(kind)}, expected "open" or "post"`);
}
