import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  Books,
  type Account,
  type Command,
  type Currency,
  type Ledger,
  type Result,
  type TrialBalance,
} from "@tallyline/ledger";
import { LedgerClosedError, LedgerFailedError } from "./errors.ts";
import { openLedgerFile, reconcileCurrencies, replayJournal } from "./ledger-file.ts";

/** What a ledger file is opened with. */
export interface SqliteLedgerOptions {
  /** The file; it and its folder are created where missing, readable by their owner only (modes 0600 and 0700). */
  readonly path: string;
  /** The currencies that accounts may be in. New ones may be added later; an exponent never changes. */
  readonly currencies: readonly Currency[];
  /** The clock, in milliseconds since 1970. Entries' times never go back, even if it does. Default: the system's. */
  readonly now?: () => number;
}

/** A {@link Ledger} in one SQLite file. */
export interface SqliteLedger extends Ledger, AsyncDisposable {}

/**
 * Opens a ledger file, or creates it. One process at a time; the whole books are held in memory.
 * @throws LedgerOpenError with a `code` that says why not.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const books = new Books(options.currencies);
  const database = openLedgerFile(options.path);
  try {
    reconcileCurrencies(database, options.path, options.currencies);
    const lastRecordedAtMs = replayJournal(database, options.path, books);
    return new GroupCommitLedger(options.path, database, books, { now: options.now ?? Date.now, lastRecordedAtMs });
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Bounds the memory and the time of one commit; what is beyond it waits for the next. */
const COMMANDS_PER_COMMIT_MAX = 4096;

/** A call that waits for its turn. It runs inside the commit and is settled after it. */
interface Waiting {
  /** @returns what settles the caller's promise, to be called once the commit is durable. */
  readonly run: () => () => void;
  readonly fail: (error: Error) => void;
}

/**
 * All calls of one event-loop turn are one transaction: one fsync serves them all, and no caller hears of an outcome
 * that is not yet on disk. Between taking the calls and committing them nothing is awaited, so reads that were queued
 * behind a command see it, and nobody else does before it is durable.
 *
 * States: open → (a commit failed) → failed, or open → closed. Nothing leaves `failed`: the books in memory are then
 * ahead of a file of which nobody knows what it holds.
 */
class GroupCommitLedger implements SqliteLedger {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #books: Books;
  readonly #now: () => number;
  readonly #insertJournal: StatementSync;
  readonly #insertPosting: StatementSync;
  #lastRecordedAtMs: number;
  #queue: Waiting[] = [];
  #ended: LedgerClosedError | LedgerFailedError | undefined;

  constructor(
    path: string,
    database: DatabaseSync,
    books: Books,
    clock: { now: () => number; lastRecordedAtMs: number },
  ) {
    this.#path = path;
    this.#database = database;
    this.#books = books;
    this.#now = clock.now;
    this.#lastRecordedAtMs = clock.lastRecordedAtMs;
    this.#insertJournal = database.prepare(
      "INSERT INTO journal (seq, principal, id, recorded_at_ms, content, code) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#insertPosting = database.prepare(
      "INSERT INTO posting (seq, leg, account, side, amount_minor) VALUES (?, ?, ?, ?, ?)",
    );
  }

  submit(command: Command): Promise<Result> {
    return this.#enqueue(() => this.#execute(command));
  }

  account(name: string): Promise<Account | undefined> {
    return this.#enqueue(() => this.#books.account(name));
  }

  trialBalance(): Promise<TrialBalance[]> {
    return this.#enqueue(() => this.#books.trialBalance());
  }

  async close(): Promise<void> {
    while (this.#queue.length > 0 && this.#ended === undefined) this.#commit();
    if (this.#ended instanceof LedgerClosedError) return;
    this.#ended = new LedgerClosedError(this.#path);
    this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #enqueue<T>(work: () => T): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const run = () => {
        const value = work();
        return () => resolve(value);
      };
      if (this.#queue.push({ run, fail: reject }) === 1) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    if (this.#ended !== undefined) return;
    const batch = this.#queue.slice(0, COMMANDS_PER_COMMIT_MAX);
    this.#queue = this.#queue.slice(batch.length);
    let settle: (() => void)[];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      settle = batch.map((waiting) => waiting.run());
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#ended = new LedgerFailedError(this.#path, { cause: error });
      for (const waiting of [...batch, ...this.#queue]) waiting.fail(this.#ended);
      this.#queue = [];
      return;
    }
    if (this.#queue.length > 0) setImmediate(() => this.#commit());
    for (const each of settle) each();
  }

  #execute(command: Command): Result {
    const { record, result } = this.#books.execute(command);
    if (record === undefined) return result;

    const seq = this.#books.nextSeq - 1;
    this.#lastRecordedAtMs = Math.max(this.#lastRecordedAtMs, Math.floor(this.#now()));
    const code = result.ok ? "OK" : result.code;
    this.#insertJournal.run(seq, command.principal, command.id, this.#lastRecordedAtMs, record.content, code);
    if (result.ok && command.kind === "post") {
      command.legs.forEach((leg, index) => {
        this.#insertPosting.run(seq, index + 1, leg.account, leg.side, leg.amountMinor);
      });
    }
    return result;
  }
}
