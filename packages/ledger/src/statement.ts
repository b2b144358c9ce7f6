import { balanceMinor, normalSide, type Account, type Side } from "./account.ts";
import type { Command, Request } from "./command.ts";
import { checkRange } from "./page.ts";
import type { Done } from "./result.ts";

/** One leg as the account that it was posted to sees it, with what its command said of itself. Amounts are minor units. */
export interface Entry extends Pick<Request, "principal" | "id" | "memo" | "ref"> {
  /** 1 for the account's first entry, and so on without a gap. */
  readonly version: number;
  /** The place in the ledger's order of the command that posted it. */
  readonly seq: number;
  /** The ledger's clock then, in milliseconds since 1970. */
  readonly atMs: number;
  readonly side: Side;
  readonly amountMinor: bigint;
  /** The account's booked balance after it. */
  readonly balanceMinor: bigint;
}

/** An account's entries in order, with the balance before the first and after the last of them. */
export interface Statement {
  readonly account: string;
  readonly openingMinor: bigint;
  readonly entries: readonly Entry[];
  readonly closingMinor: bigint;
  /** Whether entries follow: ask again after the last one's version. */
  readonly hasMore: boolean;
}

/** Which entries a statement shows. */
export interface StatementRange {
  /** Only entries with a higher version. Default 0: from the first. */
  readonly afterVersion?: number;
  /** At most so many, 1 to 1,000. Default 100. */
  readonly limit?: number;
}

/** The entries that a command made on each account, given the accounts as they were before it. */
export function entriesOf(
  command: Command,
  done: Done,
  before: (name: string) => Account | undefined,
): Map<string, Entry[]> {
  const { principal, id, memo, ref }: Request = command;
  const request = { principal, id, ...(memo !== undefined && { memo }), ...(ref !== undefined && { ref }) };
  const entries = new Map<string, Entry[]>();
  for (const { account: name, side, amountMinor } of done.legs) {
    const account = before(name)!;
    const own = entries.get(name) ?? [];
    const earlierMinor = own.at(-1)?.balanceMinor ?? balanceMinor(account);
    const changeMinor = side === normalSide(account.kind) ? amountMinor : -amountMinor;
    const version = account.version + own.length + 1;
    const place = { version, seq: done.seq, atMs: done.atMs };
    own.push({ ...place, side, amountMinor, balanceMinor: earlierMinor + changeMinor, ...request });
    entries.set(name, own);
  }
  return entries;
}

/** Cuts a statement out of all of an account's entries, whose versions are 1, 2, 3, … @throws RangeError for a bad range. */
export function statementOf(account: string, all: readonly Entry[], range: StatementRange = {}): Statement {
  const { after: afterVersion, limit } = checkRange("afterVersion", range.afterVersion, range.limit);
  const entries = all.slice(afterVersion, afterVersion + limit);
  const openingMinor = all[Math.min(afterVersion, all.length) - 1]?.balanceMinor ?? 0n;
  const closingMinor = entries.at(-1)?.balanceMinor ?? openingMinor;
  return { account, openingMinor, entries, closingMinor, hasMore: all.length > afterVersion + limit };
}
