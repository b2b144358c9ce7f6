import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  Books,
  type AccountDetails,
  type AccountPage,
  type AccountRange,
  type Answer,
  type BooksOptions,
  type Executed,
  type Found,
  type Head,
  type HoldPage,
  type HoldRange,
  type Identity,
  type Ledger,
  type Result,
  type Statement,
  type StatementRange,
  type Submission,
  type TrialBalance,
  type Verification,
} from "@tallyline/ledger";
import { LedgerClosedError, LedgerFailedError } from "./errors.ts";
import { addCurrencies, allCurrencies, openLedgerFile, replayJournal } from "./ledger-file.ts";

/** What a ledger file is opened with. */
export interface SqliteLedgerOptions extends BooksOptions {
  /** The file; it and its folder are created where missing, readable by their owner only (modes 0600 and 0700). */
  readonly path: string;
  /** The clock, in milliseconds since 1970. The ledger's own never goes back, even if it does. Default: the system's. */
  readonly now?: () => number;
}

/** A {@link Ledger} in one SQLite file. */
export interface SqliteLedger extends Ledger, AsyncDisposable {}

/**
 * Opens a ledger file, or creates it. One process at a time; the whole books are held in memory.
 * @throws LedgerOpenError with a `code` that says why not.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const { path } = options;
  const database = openLedgerFile(path);
  try {
    const currencies = allCurrencies(database, path, options.currencies);
    const books = new Books({ ...options, currencies });
    replayJournal(database, path, books);
    addCurrencies(database, currencies);
    return new GroupCommitLedger(path, database, books, options.now ?? Date.now);
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
  #queue: Waiting[] = [];
  #ended: LedgerClosedError | LedgerFailedError | undefined;

  constructor(path: string, database: DatabaseSync, books: Books, now: () => number) {
    this.#path = path;
    this.#database = database;
    this.#books = books;
    this.#now = now;
    this.#insertJournal = database.prepare(
      "INSERT INTO journal (principal, id, recorded_at_ms, content, code) VALUES (?, ?, ?, ?, ?)",
    );
    this.#insertPosting = database.prepare(
      "INSERT INTO posting (seq, leg, account, side, amount_minor) VALUES (?, ?, ?, ?, ?)",
    );
  }

  submit(command: Submission): Promise<Answer> {
    return this.#enqueue(() => {
      const executed = this.#books.execute(command, this.#now());
      this.#write(executed);
      return answerOf(executed.at(-1)!.decision.result);
    });
  }

  preview(command: Submission): Promise<Result> {
    return this.#read(() => this.#books.preview(command));
  }

  lookup(identity: Identity): Promise<Found | undefined> {
    return this.#read(() => {
      const found = this.#books.lookup(identity);
      return found && { command: found.command, answer: answerOf(found.result) };
    });
  }

  account(name: string): Promise<AccountDetails | undefined> {
    return this.#read(() => this.#books.details(name));
  }

  async accounts(range?: AccountRange): Promise<AccountPage> {
    return this.#read(() => this.#books.accounts(range));
  }

  async holds(name: string, range?: HoldRange): Promise<HoldPage | undefined> {
    return this.#read(() => this.#books.holds(name, range));
  }

  head(): Promise<Head> {
    return this.#read(() => ({ seq: this.#books.nextSeq - 1, head: "" }));
  }

  verify(): Promise<Verification> {
    return this.#read(() => {
      const what = this.#books.findFault();
      const seq = this.#books.nextSeq - 1;
      return what === undefined ? { ok: true, seq, head: "" } : { ok: false, seq, what };
    });
  }

  async statement(name: string, range?: StatementRange): Promise<Statement | undefined> {
    return this.#read(() => this.#books.statement(name, range));
  }

  trialBalance(): Promise<TrialBalance[]> {
    return this.#read(() => this.#books.trialBalance());
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

  /** A read shows holds that are due as expired, so it writes down first that they are. */
  #read<T>(answer: () => T): Promise<T> {
    return this.#enqueue(() => {
      this.#write(this.#books.advance(this.#now()));
      return answer();
    });
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

  #write(executed: readonly Executed[]): void {
    for (const { command, decision, atMs } of executed) {
      if (decision.record === undefined) continue;
      const { content, result } = decision.record;
      const code = result.ok ? "OK" : result.code;
      const { lastInsertRowid: seq } = this.#insertJournal.run(command.principal, command.id, atMs, content, code);
      if (!result.ok) continue;
      if (Number(seq) !== result.seq) throw new Error(`journal gave entry ${seq} to what the books call ${result.seq}`);
      result.legs.forEach((leg, index) => {
        this.#insertPosting.run(seq, index + 1, leg.account, leg.side, leg.amountMinor);
      });
    }
  }
}

function answerOf(result: Result): Answer {
  return result.ok ? { ...result, head: "" } : result;
}
