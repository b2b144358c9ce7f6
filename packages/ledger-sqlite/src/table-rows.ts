import type { Command, Done } from "@tallyline/ledger";
import type { StoredEntry } from "./entry-list.ts";
import type { TailRecord } from "./tail.ts";

/** A row of a table, in the order of its columns. */
export type Row = readonly (string | number | bigint | null)[];

/** The row of a record in `command`. */
export function commandRow({ seq, atMs, principal, id, verb, refusal, memo, ref }: TailRecord): Row {
  return [seq, atMs, principal, id, verb, refusal, memo, ref];
}

/** The row of an entry in `entry`. */
export function entryRow(entry: StoredEntry): Row {
  const { position, account, version, seq, side, amountMinor, balanceMinor, previous } = entry;
  return [position, account, version, seq, side === "debit" ? "D" : "C", amountMinor, balanceMinor, previous];
}

/** The row in `account` of what a command opened; undefined when it opens nothing. */
export function accountRow(command: Command, seq: number, number: number): Row | undefined {
  if (command.verb !== "open") return undefined;
  const { account, currency, kind, owner = null, metadata } = command;
  const facts = metadata && Object.entries(metadata).toSorted(([name], [other]) => (name < other ? -1 : 1));
  const text = facts === undefined ? null : JSON.stringify(Object.fromEntries(facts));
  return [number, account, currency, kind, owner, text, seq];
}

/** The row in `account_change` of a command that changed an account's limits or status; undefined when it did not. */
export function accountChangeRow(command: Command, done: Done, number: number): Row | undefined {
  switch (command.verb) {
    case "open":
    case "limit":
    case "freeze":
    case "unfreeze":
    case "close": {
      const { status, minBalanceMinor, maxBalanceMinor } = done.accounts[0]!;
      return [done.seq, number, status, minBalanceMinor, maxBalanceMinor];
    }
    default:
      return undefined;
  }
}
