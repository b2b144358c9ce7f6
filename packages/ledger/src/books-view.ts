import type { Account } from "./account.ts";
import type { Command } from "./command.ts";
import type { Hold, Result } from "./result.ts";

/** What deciding a command reads of the books, and all that it reads. */
export interface BooksView {
  /** The place in the order that a command gets if it is recorded now: 1 + the last one's. */
  readonly nextSeq: number;
  /** An account by name, as of now. */
  account(name: string): Account | undefined;
  /** What was recorded under an id, if anything. */
  recorded(principal: string, id: string): Recorded | undefined;
  /** A hold, by the place in the order of the command that made it, as of now. */
  hold(seq: number): Hold | undefined;
  /** Whether the entry at a place in the order has been reversed. */
  isReversed(seq: number): boolean;
  /** Whether a currency code is known to this ledger. */
  hasCurrency(code: string): boolean;
  /** Whether as many refusals of a principal are recorded as there may be. */
  hasTooManyRefusals(principal: string): boolean;
}

/** A command's content and its first answer, kept for ever under its principal and id. */
export interface Recorded {
  readonly content: string;
  readonly result: Result;
}

/** What a store has to load so that a command can be decided. */
export interface Touched {
  readonly accounts: readonly string[];
  /** Ids of the same principal: what they recorded, their hold, and the accounts these name. */
  readonly ids: readonly string[];
  /** Holds by their place in the order, and the accounts they name. */
  readonly holds: readonly number[];
}

/** Names what deciding a command will read: for stores with only part of the books in memory. */
export function touches(command: Command): Touched {
  const touched = touchedByVerb(command);
  const condition = "ifVersion" in command ? command.ifVersion : undefined;
  return condition === undefined ? touched : { ...touched, accounts: [...touched.accounts, condition.account] };
}

function touchedByVerb(command: Command): Touched {
  const nothing = { accounts: [], ids: [], holds: [] };
  switch (command.verb) {
    case "open":
    case "limit":
    case "freeze":
    case "unfreeze":
    case "close":
      return { ...nothing, ids: [command.id], accounts: [command.account] };
    case "post":
      return { ...nothing, ids: [command.id], accounts: [...new Set(command.legs.map((leg) => leg.account))] };
    case "hold":
      return { ...nothing, ids: [command.id], accounts: [command.from, command.to] };
    case "capture":
    case "release":
      return { ...nothing, ids: [command.id, command.hold] };
    case "reverse":
      return { ...nothing, ids: [command.id, command.entry] };
    case "expire":
      return { ...nothing, ids: [command.id], holds: [command.holdSeq] };
    case "settle":
      return { ...nothing, ids: [command.id] };
  }
}
