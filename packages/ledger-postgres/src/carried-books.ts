import type { Hold } from "@tallyline/ledger";
import type { BatchBooks } from "./batch-books.ts";

/** After so many batches in a row between which nobody else wrote, the next one is likely to be so, too. */
const ALONE_AFTER = 8;
/** Most accounts, holds and principals that are carried over, some 300 bytes each; beyond it all are read again. */
const CARRIED_MAX = 100_000;

/**
 * The books that a server's last commit left, carried over to its next batch: as long as nobody else writes they are those
 * of the journal's head. Whoever decides by them makes the transaction depend on the head being where it was.
 */
export class CarriedBooks {
  #books: BatchBooks | undefined;
  #head = "";
  #aloneFor = 0;
  #firstExpiryMs = Number.NEGATIVE_INFINITY;
  #databaseMs = 0;
  #readAt = 0;

  /** Whether nobody else has written for a while. */
  get isAlone(): boolean {
    return this.#aloneFor >= ALONE_AFTER;
  }

  /** No hold is due before this time, in milliseconds since 1970. */
  get firstExpiryMs(): number {
    return this.#firstExpiryMs;
  }

  /** The database's clock, in milliseconds since 1970: what it was when it was last read, and the time since. Never ahead. */
  get databaseMs(): number {
    return this.#databaseMs + Math.floor(performance.now() - this.#readAt);
  }

  /** The books, to be kept again once what they make of a batch is durable; undefined for none. */
  take(): BatchBooks | undefined {
    const books = this.#books;
    this.#books = undefined;
    return books;
  }

  /** They were not what the journal's head has, or did not hold what was needed: reading is better for a while. */
  forget(): void {
    this.#aloneFor = 0;
  }

  /** A batch read the head, and when the first hold is due as of it. */
  noteHead(head: string, firstExpiryMs: number): void {
    this.#aloneFor = head === this.#head ? this.#aloneFor + 1 : 0;
    this.#firstExpiryMs = firstExpiryMs;
  }

  /** A commit of this server has moved the head on. @param databaseMs The database's clock, just read. */
  keep(books: BatchBooks, holds: Iterable<Hold>, databaseMs: number): void {
    this.#head = books.head;
    this.#databaseMs = databaseMs;
    this.#readAt = performance.now();
    for (const { state, expiresAtMs } of holds) {
      if (state === "held" && expiresAtMs !== null) this.#firstExpiryMs = Math.min(this.#firstExpiryMs, expiresAtMs);
    }
    if (this.isAlone && books.size <= CARRIED_MAX) this.#books = books;
  }
}
