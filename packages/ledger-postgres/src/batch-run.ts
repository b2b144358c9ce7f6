import { advance } from "@tallyline/ledger";
import type { BatchBooks, Sealed } from "./batch-books.ts";
import type { BatchNeeds, Session } from "./batch-loader.ts";
import type { Call } from "./call.ts";
import { COMMIT, commit, isDuplicate } from "./commit.ts";
import type { Statement } from "./connection.ts";
import type { ServerSettings } from "./server-settings.ts";
import { writeChanges } from "./table-writer.ts";

/** How a batch is run. */
export interface BatchOptions extends ServerSettings {
  readonly maxRefusals: number;
  readonly now?: () => number;
  readonly commitTimeoutMs?: number;
}

/** A segment does not grow beyond this: what is left of a batch waits for the next. */
const BYTES_PER_COMMIT_MAX = 1_048_576;

/**
 * One batch of calls, or of reads, and the attempts to run it. What an attempt rejects with is of the transaction; the
 * caller rolls it back, finds out what is to be done, and may attempt again.
 */
export class BatchRun {
  readonly #needs: BatchNeeds;
  readonly #calls: readonly Call[];
  readonly #options: BatchOptions;
  /** Reads show holds that are due as expired, so it is first written down that they are. */
  #mustExpire = false;

  constructor(needs: BatchNeeds, calls: readonly Call[], options: BatchOptions) {
    this.#needs = needs;
    this.#calls = calls;
    this.#options = options;
  }

  /** @returns how many of the calls were answered; undefined where it has to be attempted again. */
  async attempt(session: Session): Promise<number | undefined> {
    const writes = this.#mustExpire || this.#calls.some((call) => call.writes);
    const now = this.#options.now?.();
    const carried = writes ? session.carried.take() : undefined;
    await this.#needs.resolve(session, carried);
    if (carried !== undefined && !this.#needs.looksBack) {
      const nowMs = now ?? session.carried.databaseMs;
      if (carried.tick(nowMs) < session.carried.firstExpiryMs) return this.#goOn(session, carried, nowMs);
    }
    const begin = writes ? this.#begin() : SNAPSHOT;
    const loaded = await this.#needs.load(session, begin, now, this.#options.maxRefusals, carried);
    if (loaded === undefined) return undefined;
    if (loaded.hasDue && !writes) {
      this.#mustExpire = true;
      return undefined;
    }
    const { books } = loaded;
    const nowMs = now ?? loaded.databaseMs;
    advance(books, nowMs);
    const settle = loaded.hasMoreDue ? [] : this.#run(books, nowMs);
    const head = await this.#finish(session, books, writes);
    this.#mustExpire = false;
    for (const each of settle) each(head);
    return loaded.hasMoreDue ? undefined : settle.length;
  }

  /**
   * Decides by books that were carried over from this server's last commit, and writes what comes of it. Nothing is locked
   * or read again: the transaction is void unless the journal's head is still theirs, and every id is new that was taken to be.
   */
  async #goOn(session: Session, books: BatchBooks, nowMs: number): Promise<number | undefined> {
    const { connection, sql, carried } = session;
    await this.#needs.complete(session, books);
    books.assumeAbsent();
    const settle = this.#run(books, nowMs);
    if (books.recordCount === 0 || books.hasUnproven) {
      carried.forget();
      return undefined;
    }
    const sealed = books.seal();
    const [, moved] = await Promise.all([
      connection.run(this.#begin()),
      ...writeChanges(connection, sql, sealed),
    ]).catch((error: unknown) => {
      if (isDuplicate(error)) return [];
      throw error;
    });
    const clock = moved?.rows[0];
    if (clock === undefined) {
      carried.forget();
      return undefined;
    }
    // COMMIT leaves only now: what is lost before it certainly did not happen.
    await commit(connection, [], this.#commitTimeoutMs);
    this.#committed(session, books, sealed, Number(clock[0]));
    for (const each of settle) each(sealed.head.head);
    return settle.length;
  }

  /** Runs reads of the tables on one snapshot. @returns their count; undefined where it has to be attempted again. */
  async read(
    session: Session,
    reads: readonly { query(session: Session): Promise<() => void> }[],
  ): Promise<number | undefined> {
    if (this.#mustExpire && (await this.attempt(session)) === undefined) return undefined;
    const { connection, sql } = session;
    const [, due, head, ...settle] = await Promise.all([
      connection.run(SNAPSHOT),
      connection.run(sql.dueHolds, [this.#options.now?.() ?? null, 1]),
      connection.run(sql.head),
      ...reads.map((read) => read.query(session)),
    ]);
    await connection.run(COMMIT);
    if (due.rows.length > 0) {
      this.#mustExpire = true;
      return undefined;
    }
    await this.#confirm(session, Number(head.rows[0]![0]), false);
    for (const each of settle) each();
    return reads.length;
  }

  #run(books: BatchBooks, nowMs: number): ((head: string) => void)[] {
    const settle: ((head: string) => void)[] = [];
    for (const call of this.#calls) {
      settle.push(call.run(books, nowMs));
      if (books.byteCount >= BYTES_PER_COMMIT_MAX) break;
    }
    return settle;
  }

  /** Ends the transaction. @returns the head of the journal, once all of it is durable. */
  async #finish(session: Session, books: BatchBooks, writes: boolean): Promise<string> {
    const { connection, sql } = session;
    if (books.recordCount === 0) {
      if (!writes) await connection.run(COMMIT);
      await this.#confirm(session, books.nextSeq - 1, writes);
      return books.head;
    }
    const sealed = books.seal();
    const sent = writeChanges(connection, sql, sealed);
    await commit(connection, sent, this.#commitTimeoutMs);
    const [clock] = (await sent[0]).rows;
    this.#committed(session, books, sealed, Number(clock![0]));
    return sealed.head.head;
  }

  /** What a batch came to is durable. */
  #committed(
    session: Session,
    books: BatchBooks,
    { segments: [{ firstSeq, body }], head }: Sealed,
    databaseMs: number,
  ): void {
    const { opened, holds } = books.changes;
    session.directory.learn(opened);
    session.journal.keep(firstSeq, { bytes: body.slice(), head: head.head });
    session.confirmedSeq = head.seq;
    books.goOnAfter(head);
    books.forget();
    session.carried.keep(books, holds.values(), databaseMs);
  }

  /**
   * Makes sure that what was read is durable. With standbys, a server shows a commit whose wait for them was given up,
   * and one that was a primary once shows what it has: only that a commit of one's own went through proves that all
   * before it is on the standbys too.
   */
  async #confirm(session: Session, seq: number, isInTransaction: boolean): Promise<void> {
    const { connection, sql } = session;
    const needsProof = (this.#options.synchronousStandbyNames ?? "") !== "" && session.confirmedSeq < seq;
    if (!needsProof) {
      if (isInTransaction) await connection.run(COMMIT);
      return;
    }
    const sent = isInTransaction ? [] : [connection.run(this.#begin())];
    await commit(connection, [...sent, connection.run(sql.confirm)], this.#commitTimeoutMs);
    session.confirmedSeq = seq;
  }

  #begin(): Statement {
    return this.#options.isolation === "serializable" ? BEGIN_SERIALIZABLE : BEGIN;
  }

  get #commitTimeoutMs(): number {
    return this.#options.commitTimeoutMs ?? 10_000;
  }
}

const [BEGIN, BEGIN_SERIALIZABLE, SNAPSHOT] = ["READ COMMITTED", "SERIALIZABLE", "REPEATABLE READ READ ONLY"].map(
  (how): Statement => ({ name: `begin ${how}`, text: `BEGIN ISOLATION LEVEL ${how}` }),
) as [Statement, Statement, Statement];
