import { checkRange, type Entry, type Statement, type StatementRange } from "@tallyline/ledger";
import type { StoredEntry } from "./entry-list.ts";
import type { ReadModels } from "./read-models.ts";
import type { Tail } from "./tail.ts";

/** Where an account's entries are. */
export interface StatementOf {
  readonly name: string;
  readonly number: number;
  /** The position of its latest entry; 0 for none. */
  readonly latest: number;
  readonly version: number;
}

/**
 * Cuts a statement out of an account's entries, in the tables and in the tail after them. From the entry that is findable
 * next after the last one wanted it walks back, so it reads at most 64 entries of the tables, and those in the tail, more
 * than it shows, however many there are.
 * @returns undefined when there is no account. @throws RangeError for a bad range.
 */
export function readStatement(
  tables: ReadModels,
  tail: Tail,
  account: StatementOf | undefined,
  range: StatementRange = {},
): Statement | undefined {
  const { after, limit } = checkRange("afterVersion", range.afterVersion, range.limit);
  if (account === undefined) return undefined;
  const { name, number, latest, version: newest } = account;
  const last = Math.min(after + limit, newest);
  // The entry before the first one shown is wanted too, for the opening balance.
  const first = Math.max(1, Math.min(after, newest));

  const entries: StoredEntry[] = [];
  for (let position = tables.mark(number, last) ?? latest; position !== 0;) {
    const entry = position >= tail.entries.first ? tail.entries.get(position) : tables.entry(position);
    if (entry.version < first) break;
    if (entry.version <= last) entries.push(entry);
    position = entry.previous;
  }
  entries.reverse();

  const openingMinor = after === 0 ? 0n : (entries[0]?.balanceMinor ?? 0n);
  const shown = entries.filter(({ version }) => version > after).map((entry) => complete(entry, tables, tail));
  const closingMinor = shown.at(-1)?.balanceMinor ?? openingMinor;
  return { account: name, openingMinor, entries: shown, closingMinor, hasMore: newest > after + limit };
}

function complete(entry: StoredEntry, tables: ReadModels, tail: Tail): Entry {
  const { version, seq, side, amountMinor, balanceMinor } = entry;
  const { atMs, principal, id, memo, ref } = tail.record(seq) ?? tables.command(seq);
  const request = { principal, id, ...(memo !== null && { memo }), ...(ref !== null && { ref }) };
  return { version, seq, atMs, side, amountMinor, balanceMinor, ...request };
}
