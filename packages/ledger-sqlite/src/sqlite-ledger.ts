import { endianness } from "node:os";
import * as sqlite from "node:sqlite";
import {
  apply,
  commandOf,
  StoreInterruptedError,
  type AccountDetails,
  type AccountPage,
  type AccountRange,
  type Answer,
  type BooksOptions,
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
  type VerifyOptions,
} from "@tallyline/ledger";
import { backupLedger, type BackupOptions } from "./backup.ts";
import { LedgerClosedError, LedgerDamagedError, LedgerFailedError, LedgerOpenError } from "./errors.ts";
import { FileBooks } from "./file-books.ts";
import { Journal } from "./journal.ts";
import { addCurrencies, allCurrencies, openLedgerFile, type LedgerFile } from "./ledger-file.ts";
import { Projection, RECORDS_PER_PROJECTION } from "./projection.ts";
import { ReadModels } from "./read-models.ts";
import { hashKeyOf, readState, recover } from "./recovery.ts";
import { isBusy, isFull } from "./sqlite-error.ts";
import { verifyLedgerFile } from "./verify.ts";
import {
  notRecorded,
  WaitingCommand,
  WaitingRead,
  withHead,
  type NoRoom,
  type Store,
  type WaitingCall,
} from "./waiting-call.ts";

/** What a ledger file is opened with. */
export interface SqliteLedgerOptions extends BooksOptions {
  /** The file; it and its folder are created where missing, readable by their owner only (modes 0600 and 0700). */
  readonly path: string;
  /**
   * The clock, in milliseconds since 1970. The ledger's own never goes back, even if it does. Default: the system's clock
   * when the process started, and from then on a steady one, so that a clock that is set forward expires no hold early.
   */
  readonly now?: () => number;
}

/** A {@link Ledger} in one SQLite file. */
export interface SqliteLedger extends Ledger, AsyncDisposable {
  /** Copies the ledger as it is now to a file of its own, while it goes on; see {@link backupLedger}. */
  backup(target: string, options?: BackupOptions): Promise<void>;
}

/**
 * Opens a ledger file, or creates it. One process at a time. Every account's state and an index of ids are held in memory.
 * @throws LedgerOpenError with a `code` that says why not.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const { path, now = () => performance.timeOrigin + performance.now() } = options;
  refuseRuntime(path);
  const file = openLedgerFile(path);
  try {
    return openBooks(file, { ...options, now });
  } catch (error) {
    file.close();
    if (!(error instanceof LedgerDamagedError)) throw error;
    throw new LedgerOpenError("DAMAGED", path, error.message.slice(path.length + 1), { cause: error });
  }
}

/** Imported whole, so that an older Node.js, which has no `backup`, comes as far as this sentence. */
function refuseRuntime(path: string): void {
  if (!("backup" in sqlite)) {
    const explanation = `needs Node.js 22.16 or later, this is ${process.versions.node}`;
    throw new LedgerOpenError("RUNTIME_UNSUITED", path, explanation);
  }
  if (endianness() !== "LE") throw new LedgerOpenError("RUNTIME_UNSUITED", path, "needs a little-endian processor");
}

function openBooks(file: LedgerFile, options: SqliteLedgerOptions & { readonly now: () => number }): SqliteLedger {
  const { database } = file;
  const { path } = options;
  const currencies = allCurrencies(database, path, options.currencies);
  const state = readState(database);
  const journal = new Journal(database, path, state.identity);
  const from = { journal, tables: new ReadModels(database), hashKey: hashKeyOf(state) };
  const books = new FileBooks({ ...options, currencies }, from);
  recover(database, path, books, journal);
  addCurrencies(database, currencies);
  return new GroupCommitLedger({ file, path, books, journal, now: options.now });
}

/** Bounds the time of one commit, and the memory: what is beyond it waits for the next. */
const RECORDS_PER_COMMIT_MAX = RECORDS_PER_PROJECTION;
const BYTES_PER_COMMIT_MAX = 1_048_576;
/** Bounds the memory of calls that wait: some 1 KB each. Beyond it commands are answered `STORE_BUSY`, and reads reject. */
const WAITING_MAX = 65_536;
/** Bounds the tail, where the tables cannot be written. */
const TAIL_MAX = 16 * RECORDS_PER_PROJECTION;
/** The tables never lag behind the journal for longer. */
const PROJECT_AFTER_MS = 1000;

interface Parts extends Store {
  readonly file: LedgerFile;
  readonly path: string;
  readonly now: () => number;
}

/**
 * All calls of one event-loop turn are one commit: one segment and one fsync serve them all, and no caller hears of an
 * outcome that is not yet on disk. Between taking the calls and committing them nothing is awaited, so reads that were
 * queued behind a command see it, and nobody else does before it is durable.
 *
 * States: open → (a commit failed, or the file is damaged) → failed, or open → closed. Nothing leaves `failed`: nobody
 * knows what the file holds then. A commit for which there was no room did not happen, and is no failure.
 */
class GroupCommitLedger implements SqliteLedger {
  readonly #file: LedgerFile;
  readonly #path: string;
  readonly #store: Store;
  readonly #books: FileBooks;
  readonly #journal: Journal;
  readonly #projection: Projection;
  readonly #now: () => number;
  #queue: WaitingCall[] = [];
  #ended: LedgerClosedError | LedgerFailedError | LedgerDamagedError | undefined;
  #projectTimer: NodeJS.Timeout | undefined;
  /** Whether the tables could not be written just now: then it is tried again when the timer says so, not at every commit. */
  #isProjectionPutOff = false;

  constructor({ file, path, books, journal, now }: Parts) {
    this.#file = file;
    this.#path = path;
    this.#store = { books, journal };
    this.#books = books;
    this.#journal = journal;
    this.#projection = new Projection(file.database, books);
    this.#now = now;
    this.#projectSoon();
  }

  submit(command: Submission): Promise<Answer> {
    if (this.#queue.length >= WAITING_MAX) return Promise.resolve(notRecorded("STORE_BUSY"));
    return new Promise((resolve, reject) => {
      this.#enqueue(new WaitingCommand(this.#store, command, resolve, reject));
    });
  }

  preview(command: Submission): Promise<Result> {
    return this.#read(() => apply(this.#books, command, this.#books.tick(this.#now())).result);
  }

  lookup(identity: Identity): Promise<Found | undefined> {
    return this.#readDurable(() => {
      const recorded = this.#books.recorded(identity.principal, identity.id);
      if (recorded === undefined) return () => undefined;
      const command = commandOf(recorded.content, identity);
      const result = { ...recorded.result, replayed: true };
      const earlierHead = this.#journal.committedHead(result);
      return (head) => ({ command, answer: withHead(result, earlierHead ?? head) });
    });
  }

  account(name: string): Promise<AccountDetails | undefined> {
    return this.#read(() => this.#books.details(name));
  }

  accounts(range?: AccountRange): Promise<AccountPage> {
    return this.#read(() => this.#books.list(range));
  }

  holds(name: string, range?: HoldRange): Promise<HoldPage | undefined> {
    return this.#read(() => this.#books.holdsOf(name, range));
  }

  statement(name: string, range?: StatementRange): Promise<Statement | undefined> {
    return this.#read(() => this.#books.statement(name, range));
  }

  trialBalance(): Promise<TrialBalance[]> {
    return this.#read(() => this.#books.trialBalance());
  }

  async head(): Promise<Head> {
    await this.#read(() => {});
    return { seq: this.#journal.firstSeq - 1, head: this.#journal.head };
  }

  async verify(options?: VerifyOptions): Promise<Verification> {
    await this.#read(() => {});
    return verifyLedgerFile(this.#path, options);
  }

  async backup(target: string, options?: BackupOptions): Promise<void> {
    await this.#read(() => {});
    await backupLedger(this.#path, target, options);
  }

  async close(): Promise<void> {
    while (this.#queue.length > 0 && this.#ended === undefined) this.#commit();
    if (this.#ended instanceof LedgerClosedError) return;
    if (this.#ended === undefined) this.#project();
    clearTimeout(this.#projectTimer);
    const hasFailed = this.#hasEnded();
    this.#ended = new LedgerClosedError(this.#path);
    this.#file.close(hasFailed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #busy(): StoreInterruptedError {
    return new StoreInterruptedError("STORE_BUSY", `${WAITING_MAX} calls wait for the ledger in ${this.#path}`);
  }

  #read<T>(answer: () => T): Promise<T> {
    return this.#readDurable(() => {
      const value = answer();
      return () => value;
    });
  }

  /** @param look As for {@link WaitingRead}. */
  #readDurable<T>(look: () => (head: string) => T): Promise<T> {
    if (this.#queue.length >= WAITING_MAX) return Promise.reject(this.#busy());
    return new Promise((resolve, reject) => {
      this.#enqueue(new WaitingRead(this.#store, look, resolve, reject));
    });
  }

  #enqueue(waiting: WaitingCall): void {
    if (this.#ended !== undefined) waiting.fail(this.#ended);
    else if (this.#queue.push(waiting) === 1) setImmediate(() => this.#commit());
  }

  #commit(): void {
    if (this.#ended !== undefined || this.#queue.length === 0) return;
    const nowMs = this.#now();
    let taken = 0;
    let head = "";
    try {
      const hasRoom = this.#books.tail.count < TAIL_MAX || this.#project();
      if (this.#hasEnded()) return;
      while (taken < this.#queue.length && !this.#isFull()) {
        const call = this.#queue[taken++]!;
        if (hasRoom) call.run(nowMs);
        else call.runWithoutRoom("STORE_FULL", nowMs);
      }
      head = this.#write() ?? "";
    } catch (error) {
      if (!this.#undo(error)) return;
      // Not one of them happened. Each is answered from the books as they were.
      this.#answerWithoutRoom(this.#leaveQueue(taken), isBusy(error) ? "STORE_BUSY" : "STORE_FULL", nowMs);
      return;
    }
    for (const call of this.#leaveQueue(taken)) call.settle(head);
    if (this.#books.tail.count < RECORDS_PER_PROJECTION || !this.#project()) this.#projectSoon();
  }

  /** Takes the first calls out of the queue; those behind them have the next turn. */
  #leaveQueue(count: number): readonly WaitingCall[] {
    const queue = this.#queue;
    this.#queue = queue.slice(count);
    queue.length = count;
    if (this.#queue.length > 0) setImmediate(() => this.#commit());
    return queue;
  }

  #hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  #isFull(): boolean {
    return this.#journal.recordCount >= RECORDS_PER_COMMIT_MAX || this.#journal.byteCount >= BYTES_PER_COMMIT_MAX;
  }

  /**
   * Makes what was taken into the books durable: one statement, which is a transaction by itself, and durable when it returns.
   * @returns the head of its segment; undefined when nothing was taken.
   */
  #write(): string | undefined {
    if (this.#journal.recordCount === 0) return undefined;
    const { firstSeq } = this.#journal;
    const head = this.#journal.write();
    this.#journal.committed(head);
    this.#books.commit(firstSeq);
    return head;
  }

  /** @returns whether the transaction certainly did not happen, and the books are as they were before it. */
  #undo(error: unknown): boolean {
    if (!isFull(error) && !isBusy(error)) {
      this.#fail(error);
      return false;
    }
    const { database } = this.#file;
    if (database.isTransaction) database.exec("ROLLBACK");
    this.#journal.discard();
    this.#books.rollback();
    return true;
  }

  #answerWithoutRoom(batch: readonly WaitingCall[], code: NoRoom, nowMs: number): void {
    try {
      for (const call of batch) call.runWithoutRoom(code, nowMs);
      for (const call of batch) call.settle("");
    } catch (error) {
      for (const call of batch) call.fail(this.#fail(error));
    }
  }

  #fail(error: unknown): Error {
    const ended = error instanceof LedgerDamagedError ? error : new LedgerFailedError(this.#path, { cause: error });
    this.#ended = ended;
    clearTimeout(this.#projectTimer);
    for (const waiting of this.#queue) waiting.fail(ended);
    this.#queue = [];
    return ended;
  }

  #projectSoon(): void {
    if (this.#projectTimer !== undefined || this.#hasEnded() || this.#books.tail.count === 0) return;
    this.#projectTimer = setTimeout(() => {
      this.#projectTimer = undefined;
      this.#isProjectionPutOff = false;
      if (this.#ended === undefined) this.#project();
    }, PROJECT_AFTER_MS).unref();
  }

  /** Brings the tables up to date. @returns whether it could: without room it is tried again later. */
  #project(): boolean {
    if (this.#books.tail.count === 0) return true;
    if (this.#isProjectionPutOff) return false;
    clearTimeout(this.#projectTimer);
    this.#projectTimer = undefined;
    try {
      this.#projection.run();
      return true;
    } catch (error) {
      if (!isFull(error) && !isBusy(error)) {
        this.#fail(error);
        return false;
      }
      if (this.#file.database.isTransaction) this.#file.database.exec("ROLLBACK");
      this.#isProjectionPutOff = true;
      this.#projectSoon();
      return false;
    }
  }
}
