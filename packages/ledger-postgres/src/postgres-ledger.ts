import { setTimeout as sleep } from "node:timers/promises";
import {
  checkBooksOptions,
  checkRange,
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
import { BatchNeeds, type Session } from "./batch-loader.ts";
import { BatchRun } from "./batch-run.ts";
import { accountCall, lookupCall, previewCall, readCall, SubmitCall, type Call, type NotRun } from "./call.ts";
import { LedgerClosedError, LedgerDamagedError, LedgerFailedError } from "./errors.ts";
import { remedyFor, type Remedy } from "./failure.ts";
import { readAccounts, readHolds, readJournalHead, readStatement, readTrialBalance } from "./reads.ts";
import { checkName } from "./schema.ts";
import type { ServerSettings } from "./server-settings.ts";
import { openSession, type LedgerPlace } from "./session.ts";
import { verifyPlace } from "./verify.ts";

/** What a ledger on PostgreSQL is opened with. */
export interface PostgresLedgerOptions extends BooksOptions, ServerSettings {
  /**
   * Connection strings (`postgres://user@host:5432/database`) of the servers that the ledger may be on: a primary, and the
   * standbys that may become one. The first that takes writes is used, and when it is lost they are asked again.
   */
  readonly servers: readonly string[];
  /** The schema that {@link migrateLedger} made the tables in. Default "tallyline". */
  readonly schema?: string;
  /**
   * The clock, in milliseconds since 1970. The ledger's own never goes back, even if it does. Default: the database's, which
   * is one for all servers.
   */
  readonly now?: () => number;
  /** How long a connection may take to be made, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long a batch may wait for its locks and be tried again, in milliseconds: then `STORE_BUSY`. Default 5,000. */
  readonly waitTimeoutMs?: number;
  /** How long a commit may take, in milliseconds: then its outcome is unknown. Default 10,000. */
  readonly commitTimeoutMs?: number;
  /** Told when the ledger can be used, and when it cannot: at once, and whenever that changes. */
  readonly onReadiness?: (isReady: boolean, reason?: unknown) => void;
}

/** A {@link Ledger} on PostgreSQL. */
export interface PostgresLedger extends Ledger, AsyncDisposable {
  /** Whether the last thing asked of the database was answered; it is asked every second. */
  readonly isReady: boolean;
}

/** Bounds the time of one commit: what is beyond it waits for the next. */
const CALLS_PER_BATCH_MAX = 1024;
/** Bounds the memory of calls that wait: some 1 KB each. Beyond it commands are answered `STORE_BUSY`, and reads reject. */
const WAITING_MAX = 65_536;
/** How often the database is asked whether it is there, where nothing else asks it anything. */
const PROBE_AFTER_MS = 1000;
/** After a connection could not be made, calls are refused at once for so long. */
const RECONNECT_AFTER_MS = 100;
/** Between two attempts at the same batch, at most so long times the number of attempts: others need their turn. */
const BACKOFF_MS = 5;

/**
 * Opens a ledger on PostgreSQL. Any number of processes may have it open. Nothing but what a batch touches is loaded.
 * @throws LedgerOpenError with a `code` that says why not; RangeError for a schema name that is none.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<PostgresLedger> {
  const { schema = "tallyline", connectTimeoutMs = 5000, waitTimeoutMs = 5000 } = options;
  checkName("schema", schema);
  checkBooksOptions(options);
  const place = { ...options, schema, connectTimeoutMs, lockTimeoutMs: waitTimeoutMs };
  const session = await openSession(place, options.currencies);
  return new SharedLedger(options, place, session);
}

/** A read of the tables: it runs between batches, on a snapshot of its own. */
interface TableRead extends Omit<Call, "need" | "run"> {
  /** @returns what settles the caller's promise. */
  query(session: Session): Promise<() => void>;
}

/**
 * All calls that wait are one transaction: one segment and one commit serve them all, and no caller hears of an outcome
 * that is not yet durable. While it is under way the next batch gathers, so the slower the database, the larger the batches.
 *
 * States: ready ⇄ away (the database cannot be reached; calls are refused, and connecting goes on) → closed, or → failed
 * (the database is damaged, or refuses what it should not).
 */
class SharedLedger implements PostgresLedger {
  readonly #options: PostgresLedgerOptions;
  readonly #place: LedgerPlace;
  readonly #maxRefusals: number;
  readonly #probe: NodeJS.Timeout;
  #session: Session | undefined;
  #connectAfter = 0;
  #awayBecause: unknown;
  #isReady = false;
  #queue: (Call | TableRead)[] = [];
  #pumping: Promise<void> | undefined;
  #ended: Error | undefined;

  constructor(options: PostgresLedgerOptions, place: LedgerPlace, session: Session) {
    this.#options = options;
    this.#place = place;
    this.#maxRefusals = checkBooksOptions(options).maxRefusalsPerPrincipal;
    this.#session = session;
    this.#setReady(true);
    this.#probe = setInterval(() => this.#probeOnce(), PROBE_AFTER_MS).unref();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  submit(command: Submission): Promise<Answer> {
    return this.#enqueue((resolve, reject) => new SubmitCall(command, resolve, reject));
  }

  preview(command: Submission): Promise<Result> {
    return this.#enqueue((resolve, reject) => previewCall(command, resolve, reject));
  }

  lookup(identity: Identity): Promise<Found | undefined> {
    return this.#enqueue((resolve, reject) => lookupCall(identity, resolve, reject));
  }

  account(name: string): Promise<AccountDetails | undefined> {
    return this.#enqueue((resolve, reject) => accountCall(name, resolve, reject));
  }

  accounts(range: AccountRange = {}): Promise<AccountPage> {
    return this.#read((session) => readAccounts(session, range));
  }

  async holds(name: string, range: HoldRange = {}): Promise<HoldPage | undefined> {
    checkRange("afterSeq", range.afterSeq, range.limit);
    return this.#read((session) => readHolds(session, name, range));
  }

  async statement(name: string, range: StatementRange = {}): Promise<Statement | undefined> {
    checkRange("afterVersion", range.afterVersion, range.limit);
    return this.#read((session) => readStatement(session, name, range));
  }

  trialBalance(): Promise<TrialBalance[]> {
    return this.#read(readTrialBalance);
  }

  head(): Promise<Head> {
    return this.#read(readJournalHead);
  }

  async verify(options?: VerifyOptions): Promise<Verification> {
    await this.head();
    return verifyPlace(this.#place, options);
  }

  async close(): Promise<void> {
    clearInterval(this.#probe);
    while (this.#pumping !== undefined) await this.#pumping;
    this.#ended ??= new LedgerClosedError();
    await this.#session?.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #enqueue<T>(call: (resolve: (value: T) => void, reject: (error: Error) => void) => Call | TableRead): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = call(resolve, reject);
      if (this.#ended !== undefined) return waiting.fail(this.#ended);
      if (this.#queue.length >= WAITING_MAX) return waiting.refuse("STORE_BUSY");
      this.#queue.push(waiting);
      this.#pumping ??= this.#pump();
    });
  }

  #read<T>(query: (session: Session) => Promise<T>): Promise<T> {
    return this.#enqueue((resolve, reject) => ({
      ...readCall(reject),
      query: async (session) => {
        try {
          const value = await query(session);
          return () => resolve(value);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          return () => reject(error);
        }
      },
    }));
  }

  /** Ends when nothing waits. Each round begins in a turn of its own, with all that was called in the one before. */
  async #pump(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      const [next] = this.#queue;
      if (next === undefined) break;
      const isBatch = "run" in next;
      const end = this.#queue.findIndex((each) => "run" in each !== isBatch);
      const round = this.#queue.slice(0, Math.min(end < 0 ? this.#queue.length : end, CALLS_PER_BATCH_MAX));
      // What comes of a round, each call in it hears.
      const done = isBatch ? await this.#runBatch(round as Call[]) : await this.#runReads(round as TableRead[]);
      this.#queue.splice(0, done);
    }
    this.#pumping = undefined;
  }

  /** @returns how many of the calls were answered: the first ones, all unless they were too many bytes. */
  async #runBatch(calls: readonly Call[]): Promise<number> {
    const needs = new BatchNeeds();
    for (const call of calls) call.need(needs);
    const run = new BatchRun(needs, calls, { ...this.#options, maxRefusals: this.#maxRefusals });
    return this.#try(calls, (session) => run.attempt(session));
  }

  async #runReads(reads: readonly TableRead[]): Promise<number> {
    const run = new BatchRun(new BatchNeeds(), [], { ...this.#options, maxRefusals: this.#maxRefusals });
    return this.#try(reads, (session) => run.read(session, reads));
  }

  /** Attempts a round until it is answered, one way or another. */
  async #try(
    round: readonly Pick<Call, "refuse" | "interrupt" | "fail">[],
    attempt: (session: Session) => Promise<number | undefined>,
  ): Promise<number> {
    const { waitTimeoutMs = 5000, commitTimeoutMs = 10_000 } = this.#options;
    const deadline = performance.now() + waitTimeoutMs;
    const refuse = (code: NotRun): number => {
      for (const call of round) call.refuse(code);
      return round.length;
    };
    for (let attempts = 1; ; attempts += 1) {
      const session = await this.#connected();
      if (session === undefined) return refuse("STORE_UNAVAILABLE");
      let remedy: Remedy = { kind: "again" };
      // A server that is frozen keeps no time itself.
      const timer = setTimeout(() => session.connection.destroy(), 2 * waitTimeoutMs + commitTimeoutMs);
      try {
        const done = await attempt(session);
        if (done !== undefined) return done;
      } catch (error) {
        remedy = remedyFor(error, session.connection);
        if (remedy.kind === "over") return this.#fail(error, round);
        if (remedy.kind === "unknown") for (const call of round) call.interrupt(error);
        if (remedy.kind === "elsewhere") this.#away(session, error);
        if (remedy.kind === "again") await sleep(Math.random() * BACKOFF_MS * attempts);
      } finally {
        clearTimeout(timer);
      }
      if (!session.connection.isLost)
        await session.connection.run("ROLLBACK").catch(() => session.connection.destroy());
      if (remedy.kind === "unknown") return round.length;
      if (remedy.kind === "refuse") return refuse(remedy.code);
      if (performance.now() > deadline) return refuse("STORE_BUSY");
    }
  }

  /** The session, made anew where it is lost; undefined where the database cannot be reached. */
  async #connected(): Promise<Session | undefined> {
    if (this.#session !== undefined && !this.#session.connection.isLost) return this.#session;
    this.#setReady(false);
    if (performance.now() < this.#connectAfter) return undefined;
    try {
      this.#session = await openSession(this.#place, this.#options.currencies);
      this.#setReady(true);
      return this.#session;
    } catch (error) {
      this.#awayBecause = error;
      this.#connectAfter = performance.now() + RECONNECT_AFTER_MS;
      return undefined;
    }
  }

  #away(session: Session, error: unknown): void {
    this.#awayBecause = error;
    session.connection.destroy();
    this.#setReady(false);
  }

  #fail(error: unknown, round: readonly Pick<Call, "fail">[]): number {
    const ended = error instanceof LedgerDamagedError ? error : new LedgerFailedError({ cause: error });
    this.#ended = ended;
    this.#setReady(false);
    for (const call of round) call.fail(ended);
    for (const call of this.#queue.splice(round.length)) call.fail(ended);
    return round.length;
  }

  #setReady(isReady: boolean): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.#options.onReadiness?.(isReady, isReady ? undefined : this.#awayBecause);
  }

  #probeOnce(): void {
    if (this.#pumping === undefined && this.#ended === undefined) this.head().catch(() => {});
  }
}
