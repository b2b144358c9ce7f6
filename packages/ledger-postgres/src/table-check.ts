import type { Changes } from "./batch-books.ts";
import type { Connection } from "./connection.ts";
import { LedgerDamagedError } from "./errors.ts";
import type { Replay } from "./replay.ts";
import {
  balanceColumns,
  changeColumns,
  commandColumns,
  entryColumns,
  factsColumns,
  holdColumns,
  type Value,
} from "./rows.ts";

const ROWS_PER_FETCH = 4096;

/** The rows of a table in order, a few thousand at a time. */
class Cursor {
  readonly #connection: Connection;
  readonly #name: string;
  #rows: readonly (readonly unknown[])[] = [];
  #at = 0;

  private constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.#name = name;
  }

  static async open(connection: Connection, name: string, query: string): Promise<Cursor> {
    await connection.run(`DECLARE ${name} CURSOR FOR ${query}`);
    return new Cursor(connection, name);
  }

  async next(): Promise<readonly unknown[] | undefined> {
    if (this.#at === this.#rows.length) {
      this.#rows = (await this.#connection.run(`FETCH ${ROWS_PER_FETCH} FROM ${this.#name}`)).rows;
      this.#at = 0;
    }
    return this.#rows[this.#at++];
  }
}

type HistoryTable = "command" | "entry" | "account" | "account_change" | "reversal";

const HISTORY: Readonly<Record<HistoryTable, string>> = {
  command: "seq, segment, at_ms, principal, id, verb, refusal, memo, ref|seq",
  entry: "account, version, position, seq, side, amount_minor, balance_minor|position",
  account: "number, name, currency, kind, owner, metadata, opened_seq|number",
  account_change: "seq, account, status, min_balance_minor, max_balance_minor|seq",
  reversal: "reversed_seq, seq|seq",
};

/** Compares the tables with what the journal makes them, row by row. */
export class TableCheck {
  readonly #connection: Connection;
  readonly #schema: string;
  readonly #cursors: Readonly<Record<HistoryTable, Cursor>>;
  readonly #refusals = new Map<string, number>();

  private constructor(connection: Connection, schema: string, cursors: Readonly<Record<HistoryTable, Cursor>>) {
    this.#connection = connection;
    this.#schema = schema;
    this.#cursors = cursors;
  }

  /** Within a snapshot. */
  static async open(connection: Connection, schema: string): Promise<TableCheck> {
    const entries = Object.entries(HISTORY).map(async ([table, text]) => {
      const [columns, order] = text.split("|");
      const query = `SELECT ${columns} FROM ${schema}.${table} ORDER BY ${order}`;
      return [table, await Cursor.open(connection, `${table}_rows`, query)] as const;
    });
    const cursors = Object.fromEntries(await Promise.all(entries)) as Record<HistoryTable, Cursor>;
    return new TableCheck(connection, schema, cursors);
  }

  /** Compares what a segment added to history. @throws LedgerDamagedError at the first row that is otherwise. */
  async take(changes: Changes): Promise<void> {
    for (const [principal, count] of changes.refusals) {
      this.#refusals.set(principal, (this.#refusals.get(principal) ?? 0) + count);
    }
    for (const row of changes.commands) await this.#expect("command", row.seq, commandColumns(row));
    for (const row of changes.entries) await this.#expect("entry", row.seq, entryColumns(row));
    for (const row of changes.opened) await this.#expect("account", row.openedSeq, factsColumns(row));
    for (const row of changes.accountChanges) await this.#expect("account_change", row.seq, changeColumns(row));
    for (const { reversedSeq, seq } of changes.reversals) await this.#expect("reversal", seq, [reversedSeq, seq]);
  }

  /** Compares where the tables end, and what follows the journal's end. @throws LedgerDamagedError likewise. */
  async finish({ books }: Replay): Promise<void> {
    const seq = books.nextSeq - 1;
    for (const table of Object.keys(HISTORY) as HistoryTable[]) {
      if ((await this.#cursors[table].next()) !== undefined) {
        throw new LedgerDamagedError(seq, `the table ${table} goes on after the journal`);
      }
    }
    const balances = [...books.accounts()].map(({ facts, account, latest }) =>
      balanceColumns({ number: facts.number, state: account, latest }),
    );
    const holds = [...books.holds()].map(holdColumns);
    await this.#compare("balance", BALANCE, "account", balances, seq);
    await this.#compare("hold", HOLD, "seq", holds, seq);
    const refusals = [...this.#refusals].toSorted(([name], [other]) => (name < other ? -1 : 1));
    await this.#compare("refusal_count", "principal, count", 'principal COLLATE "C"', refusals, seq);
    const { head } = books.seal();
    await this.#compare(
      "journal_head",
      HEAD,
      "one",
      [[seq, books.head, head.clockMs, head.entryCount, head.accountCount]],
      seq,
    );
  }

  async #expect(table: HistoryTable, seq: number, expected: readonly Value[]): Promise<void> {
    const found = await this.#cursors[table].next();
    if (!isSame(found, expected)) throw new LedgerDamagedError(seq, `the table ${table} says otherwise`);
  }

  async #compare(
    table: string,
    columns: string,
    order: string,
    rows: readonly (readonly Value[])[],
    seq: number,
  ): Promise<void> {
    const query = `SELECT ${columns} FROM ${this.#schema}.${table} ORDER BY ${order}`;
    const cursor = await Cursor.open(this.#connection, `${table}_rows`, query);
    for (const row of rows) {
      if (isSame(await cursor.next(), row)) continue;
      throw new LedgerDamagedError(
        seq,
        `the table ${table} is not what the journal makes it: ${row.join(" ")} is missing`,
      );
    }
    if ((await cursor.next()) !== undefined) {
      throw new LedgerDamagedError(seq, `the table ${table} has more than the journal makes`);
    }
  }
}

const BALANCE =
  "account, status, min_balance_minor, max_balance_minor, debits_minor, credits_minor, held_debits_minor, held_credits_minor, version, latest";
const HOLD = "seq, principal, id, from_account, to_account, amount_minor, left_minor, expires_at_ms, state";
const HEAD = "seq, head, clock_ms, entry_count, account_count";

function isSame(found: readonly unknown[] | undefined, expected: readonly Value[]): boolean {
  return (
    found !== undefined && expected.every((value, column) => found[column] === (value === null ? null : `${value}`))
  );
}
