import { deposit, transfer, withdraw, type Currency, type Ledger } from "@tallyline/ledger";
import { Random } from "./random.ts";

export type Submitted = Parameters<Ledger["submit"]>[0];

export const currencies: readonly Currency[] = [{ code: "USD", exponent: 2 }];

/** Decides what each number sends. */
export interface Book {
  readonly seed: number;
  /** How many accounts there are, `@cash` among them: 3 or more. The first so many numbers open them. */
  readonly accountCount: number;
}

const TELLERS = 3;

/** What a command does, and how many in a hundred do. The last two send an id again: with the same content, or another. */
const percentages = {
  transfer: 33,
  deposit: 25,
  withdraw: 8,
  hold: 10,
  capture: 6,
  release: 3,
  reverse: 4,
  limit: 2,
  settle: 3,
  resend: 5,
  reuse: 1,
} as const;
type Kind = keyof typeof percentages;
const kinds = Object.entries(percentages).flatMap(([kind, count]) => Array<Kind>(count).fill(kind as Kind));

/** The name of an account, from 0 to `accountCount - 1`. */
export function accountName(index: number): string {
  return index === 0 ? "@cash" : `customer-${index}`;
}

/**
 * The command of a number, so that nobody has to write commands down to know later what was sent. Each refers only to ids
 * of numbers near its own.
 */
export function commandAt(book: Book, number: number): Submitted {
  const identity = identityOf(number);
  if (number < book.accountCount) return openAccount(identity, accountName(number));

  const random = new Random(book.seed, number);
  const kind = random.pick(kinds);
  const amountMinor = BigInt(1 + random.below(50));
  // Most of it is about a few customers, or nobody would have any money.
  const customerCount = random.chance(80) ? Math.min(5, book.accountCount - 1) : book.accountCount - 1;
  const index = random.below(customerCount);
  const from = accountName(1 + index);
  const to = accountName(1 + ((index + 1 + random.below(customerCount - 1)) % customerCount));
  switch (kind) {
    case "transfer":
      return transfer({ ...identity, from, to, amountMinor });
    case "deposit":
      return deposit({ ...identity, account: to, amountMinor });
    case "withdraw":
      return withdraw({ ...identity, account: from, amountMinor });
    case "hold":
      return { verb: "hold", ...identity, from, to, amountMinor, expiresInMs: random.pick([null, 500, 1500]) };
    case "capture": {
      const part = random.chance(50) ? null : 1n;
      return { verb: "capture", ...identity, hold: holdBefore(book, number), amountMinor: part, isFinal: false };
    }
    case "release":
      return { verb: "release", ...identity, hold: holdBefore(book, number) };
    case "reverse":
      return { verb: "reverse", ...identity, entry: identityOf(number - TELLERS * (1 + random.below(4))).id };
    case "limit":
      return { verb: "limit", ...identity, account: from, minBalanceMinor: -amountMinor, maxBalanceMinor: null };
    case "settle":
      // Either of something sent before, or a fence for something that will be sent after.
      return { verb: "settle", ...identityOf(random.chance(50) ? number - 1 : number + 2) };
    case "resend":
      return commandAt(book, Math.max(0, number - 1 - random.below(20)));
    case "reuse":
      return deposit({ ...identityOf(number - 1 - random.below(5)), account: to, amountMinor: amountMinor + 1000n });
  }
}

/** Every teller numbers its own ids. */
function identityOf(number: number): { readonly principal: string; readonly id: string } {
  return { principal: `teller-${number % TELLERS}`, id: String(number) };
}

function openAccount(identity: { readonly principal: string; readonly id: string }, account: string): Submitted {
  const terms =
    account === "@cash"
      ? ({ kind: "asset", minBalanceMinor: null } as const)
      : ({ kind: "liability", minBalanceMinor: 0n } as const);
  return { verb: "open", ...identity, account, currency: "USD", maxBalanceMinor: null, ...terms };
}

/** The id of the same teller's latest hold before a number, if there was one not long ago. */
function holdBefore(book: Book, number: number): string {
  let earlier = number - TELLERS;
  while (earlier > number - 100 && earlier >= book.accountCount) {
    if (new Random(book.seed, earlier).pick(kinds) === "hold") break;
    earlier -= TELLERS;
  }
  return identityOf(Math.max(0, earlier)).id;
}
