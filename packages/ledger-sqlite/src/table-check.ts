import { isDeepStrictEqual } from "node:util";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { textOfHold } from "@tallyline/ledger/journal";
import type { FileBooks } from "./file-books.ts";
import { VERSIONS_PER_MARK } from "./read-models.ts";
import { fillCommandRow, fillEntryRow, type Row } from "./table-rows.ts";
import type { TailRecord } from "./tail.ts";

type Rows = Iterator<Record<string, unknown>>;

/** Compares the tables of a file with what its journal makes them, row by row, as far as they go. */
export class TableCheck {
  readonly #database: DatabaseSync;
  readonly #books: FileBooks;
  readonly #projectedSeq: number;
  readonly #commands: Rows;
  readonly #entries: Rows;
  readonly #accounts: Rows;
  readonly #changes: Rows;
  readonly #ids: Iterator<bigint>;
  readonly #mark: StatementSync;
  readonly #endedHold: StatementSync;
  readonly #reversal: StatementSync;
  /** How many rows there must be in the tables whose rows are looked up. */
  readonly #counts = { entry_mark: 0, ended_hold: 0, reversal: 0 };

  constructor(database: DatabaseSync, books: FileBooks, projectedSeq: number) {
    this.#database = database;
    this.#books = books;
    this.#projectedSeq = projectedSeq;
    const rows = (sql: string) => {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return statement.iterate() as Rows;
    };
    this.#commands = rows("SELECT * FROM command ORDER BY seq");
    this.#entries = rows("SELECT * FROM entry ORDER BY position");
    this.#accounts = rows("SELECT * FROM account ORDER BY number");
    this.#changes = rows("SELECT * FROM account_change ORDER BY seq");
    this.#ids = hashesOf(rows("SELECT hashes FROM id_run ORDER BY first_seq"));
    this.#endedHold = database.prepare("SELECT ended_seq FROM ended_hold WHERE seq = ?");
    this.#reversal = database.prepare("SELECT seq FROM reversal WHERE reversed_seq = ?");
    this.#mark = database.prepare("SELECT position FROM entry_mark WHERE account = ? AND version = ?");
  }

  /** @returns what a table says otherwise of a record, if one does. */
  find(record: TailRecord): string | undefined {
    if (record.seq > this.#projectedSeq) return undefined;
    return this.#findInCommand(record) ?? this.#findInEntries(record) ?? this.#findInAccounts(record);
  }

  /** @returns which table says more than the journal, if one does. To be asked after all records. */
  findRest(): string | undefined {
    const lists = {
      command: this.#commands,
      entry: this.#entries,
      account: this.#accounts,
      account_change: this.#changes,
    };
    for (const [table, rows] of Object.entries(lists)) {
      if (rows.next().done !== true) return `the table ${table} goes on after the journal`;
    }
    if (this.#ids.next().done !== true) return "the table id_run goes on after the journal";
    for (const [table, count] of Object.entries(this.#counts)) {
      const rows = this.#database.prepare(`SELECT count(*) AS count FROM ${table}`).get()!["count"];
      if (rows !== count) return `the table ${table} has ${String(rows)} rows, the journal makes ${count}`;
    }
    return undefined;
  }

  /** @returns what opening the file makes otherwise than its journal, if anything. */
  findDifference(opened: FileBooks): string | undefined {
    for (let number = 0; number < this.#books.accounts.count; number += 1) {
      const [expected, found] = [this.#books, opened].map(({ accounts }) => ({
        ...accounts.get(number),
        latest: accounts.latest(number),
      }));
      if (!isDeepStrictEqual(found, expected)) {
        return `account ${expected!.account} is opened with another balance than its entries make`;
      }
    }
    const [expected, found] = [this.#books, opened].map(({ holds }) => [...holds.all()].map(textOfHold).toSorted());
    return isDeepStrictEqual(found, expected) ? undefined : "the table open_hold is not what the journal makes it";
  }

  #findInCommand(record: TailRecord): string | undefined {
    if (!isNext(this.#commands, rowOf(fillCommandRow, record))) return "the table command says otherwise";
    const index = record.seq - this.#books.tail.records[0]!.seq;
    const [low, high] = this.#books.tailHashes().subarray(2 * index);
    const hash = (BigInt(high!) << 32n) | BigInt(low!);
    return this.#ids.next().value === hash ? undefined : "the table id_run says otherwise";
  }

  #findInEntries({ firstEntry, endEntry }: TailRecord): string | undefined {
    for (let position = firstEntry; position < endEntry; position += 1) {
      const entry = this.#books.tail.entries.get(position);
      if (!isNext(this.#entries, rowOf(fillEntryRow, entry)))
        return `the table entry says otherwise at position ${position}`;
      if (entry.version % VERSIONS_PER_MARK !== 0) continue;
      this.#counts.entry_mark += 1;
      const mark = this.#mark.get(entry.account, entry.version)?.["position"];
      if (mark !== position) return "the table entry_mark says otherwise";
    }
    return undefined;
  }

  #findInAccounts({ seq, rare }: TailRecord): string | undefined {
    if (rare === undefined) return undefined;
    const { hold, reversedSeq, opened, changed } = rare;
    if (hold !== undefined && hold.state !== "held") {
      this.#counts.ended_hold += 1;
      if (this.#endedHold.get(hold.seq)?.["ended_seq"] !== seq) return "the table ended_hold says otherwise";
    }
    if (reversedSeq !== undefined) {
      this.#counts.reversal += 1;
      if (this.#reversal.get(reversedSeq)?.["seq"] !== seq) return "the table reversal says otherwise";
    }
    if (opened !== undefined && !isNext(this.#accounts, opened)) return "the table account says otherwise";
    if (changed !== undefined && !isNext(this.#changes, changed)) return "the table account_change says otherwise";
    return undefined;
  }
}

function rowOf<T>(fill: (what: T, values: SQLInputValue[], at: number) => void, what: T): Row {
  const row: SQLInputValue[] = [];
  fill(what, row, 0);
  return row as Row[number][];
}

function isNext(rows: Rows, expected: Row): boolean {
  const row = rows.next() as IteratorResult<Record<string, unknown>, undefined>;
  if (row.done === true) return false;
  const found = Object.values(row.value);
  return expected.every((each, column) => found[column] === (typeof each === "number" ? BigInt(each) : each));
}

function* hashesOf(rows: Rows): Generator<bigint> {
  for (let row = rows.next(); row.done !== true; row = rows.next()) {
    const bytes = row.value["hashes"] as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 8 <= bytes.length; at += 8) yield view.getBigUint64(at, true);
  }
}
