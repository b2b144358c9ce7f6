import { apply, touches, type Identity } from "@tallyline/ledger";
import { readRecord, recordReaders, recordSpans, type AccountIdentity } from "@tallyline/ledger/journal";
import { BatchBooks, keyOf } from "./batch-books.ts";
import { findRecords, type Session } from "./batch-loader.ts";
import { LedgerDamagedError } from "./errors.ts";
import type { HeadRow } from "./rows.ts";
import { headOf, openSegment } from "./segment-sums.ts";

/**
 * Decides a journal again from its beginning, segment by segment, and makes sure that each comes to the same bytes. Every
 * account and hold is in memory; ids are looked up in the tables, which hold them at least up to where the books were last
 * made to {@link BatchBooks.forget | forget} them.
 */
export class Replay {
  readonly books: BatchBooks;
  readonly #session: Session;

  constructor(session: Session, identity: Uint8Array) {
    const head = { seq: 0, head: headOf(identity), clockMs: 0, entryCount: 0, accountCount: 0, databaseMs: 0 };
    this.#session = session;
    // A refusal that is recorded was one of those that may be.
    this.books = new BatchBooks({ head, currencies: session.currencies, maxRefusals: Number.POSITIVE_INFINITY });
  }

  /**
   * Takes the next segment. What it came to is among the changes of the books.
   * @returns the head after it.
   * @throws LedgerDamagedError naming the first place in the order where something is wrong.
   */
  async take(body: Uint8Array): Promise<HeadRow> {
    const { books } = this;
    const header = openSegment(body);
    if (typeof header === "string") throw this.#damage(header);
    if (header.firstSeq !== books.firstSeq) throw this.#damage(`the next segment begins at ${header.firstSeq}`);
    if (header.previousHead !== books.head) throw this.#damage("a segment does not link to the one before it");
    await this.#decideAgain(body);
    if (books.recordCount !== header.recordCount) throw this.#damage(`a segment says ${header.recordCount} records`);
    const { segments, head } = books.seal();
    const different = firstDifference(segments[0].body, body, header.firstSeq);
    if (different !== undefined) {
      throw new LedgerDamagedError(different, "deciding it again does not come to what was recorded");
    }
    books.goOnAfter(head);
    return head;
  }

  async #decideAgain(body: Uint8Array): Promise<void> {
    const { books } = this;
    try {
      const commands = [...recordReaders(body)].map((reader) => readRecord(reader, 0, () => ANY));
      await this.#loadReferences(commands.map(({ command }) => command));
      for (const { command, atMs } of commands) {
        const due = command.verb === "expire" ? undefined : books.dueHold(atMs);
        if (due !== undefined) throw new Error(`hold ${due} should have expired before`);
        if (command.verb === "expire" && books.dueHold(atMs) !== command.holdSeq) {
          throw new Error(`hold ${command.holdSeq} should not have expired yet`);
        }
        const { record, result } = apply(books, command, books.tick(atMs));
        if (record === undefined) {
          throw new Error(`deciding it again records nothing: ${result.ok ? "OK" : result.code}`);
        }
        books.take(command, record, atMs);
      }
    } catch (error) {
      throw error instanceof LedgerDamagedError ? error : this.#damage(String(error), { cause: error });
    }
  }

  /** A command's own id was not used before, or its row in `command` could not be there; others it names may have been. */
  async #loadReferences(commands: readonly (Identity & Parameters<typeof touches>[0])[]): Promise<void> {
    const references = new Map<string, Identity>();
    for (const command of commands) {
      const { principal } = command;
      for (const id of touches(command).ids) {
        if (this.books.hasRecorded({ principal, id })) continue;
        this.books.putRecorded(principal, id, undefined);
        if (id !== command.id) references.set(keyOf(principal, id), { principal, id });
      }
    }
    const found = await findRecords(this.#session, [...references.values()], this.books.firstSeq);
    for (const { principal, id, record } of found) this.books.putRecorded(principal, id, record);
  }

  #damage(what: string, options?: ErrorOptions): LedgerDamagedError {
    return new LedgerDamagedError(this.books.nextSeq, what, options);
  }
}

const ANY: AccountIdentity = { account: "", currency: "", kind: "asset" };

function firstDifference(made: Uint8Array, found: Uint8Array, firstSeq: number): number | undefined {
  if (Buffer.compare(made, found) === 0) return undefined;
  let seq = firstSeq;
  for (const { start, end } of recordSpans(found)) {
    if (Buffer.compare(made.subarray(start, end), found.subarray(start, end)) !== 0) return seq;
    seq += 1;
  }
  return firstSeq;
}
