import type { SQLInputValue } from "node:sqlite";
import type { Command, Done } from "@tallyline/ledger";
import type { StoredEntry } from "./entry-list.ts";
import type { TailRecord } from "./tail.ts";

/** A row of a table, in the order of its columns. */
export type Row = readonly (string | number | bigint | null)[];

/** Puts the row of a record in `command` into `values`, from `at` on. */
export function fillCommandRow(record: TailRecord, values: SQLInputValue[], at: number): void {
  values[at] = record.seq;
  values[at + 1] = record.atMs;
  values[at + 2] = record.principal;
  values[at + 3] = record.id;
  values[at + 4] = record.verb;
  values[at + 5] = record.refusal;
  values[at + 6] = record.memo;
  values[at + 7] = record.ref;
}

/** The same for the row of an entry in `entry`. */
export function fillEntryRow(entry: StoredEntry, values: SQLInputValue[], at: number): void {
  values[at] = entry.position;
  values[at + 1] = entry.account;
  values[at + 2] = entry.version;
  values[at + 3] = entry.seq;
  values[at + 4] = entry.side === "debit" ? "D" : "C";
  values[at + 5] = entry.amountMinor;
  values[at + 6] = entry.balanceMinor;
  values[at + 7] = entry.previous;
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
