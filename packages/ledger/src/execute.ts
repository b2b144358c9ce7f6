import { apply, type Decision } from "./apply.ts";
import type { BooksView, Recorded } from "./books-view.ts";
import type { Command, ExpireCommand } from "./command.ts";
import { LEDGER } from "./validate.ts";

/** Books that take what was decided: what executing commands needs of a store. */
export interface WritableBooks extends BooksView {
  /** Brings the ledger's clock forward to a time, never back. @returns the clock, in milliseconds since 1970. */
  tick(nowMs: number): number;
  /** Takes out the next hold that is due by a time, and names its place in the order; undefined when none is. */
  dueHold(atMs: number): number | undefined;
  /** Takes what a command came to into the books: at `nextSeq`, which it moves on. */
  take(command: Command, record: Recorded, atMs: number): void;
}

/** A command that was decided, and when. */
export interface Executed {
  readonly command: Command;
  readonly decision: Decision;
  /** The ledger's clock then, in milliseconds since 1970. */
  readonly atMs: number;
}

/** Decides a command at a time, after all holds that are due by then have expired. The command's own decision is last. */
export function execute(books: WritableBooks, command: Command, nowMs: number): readonly [...Executed[], Executed] {
  const expired = advance(books, nowMs);
  const own = decide(books, command, books.tick(nowMs));
  return expired.length === 0 ? [own] : [...expired, own];
}

/**
 * Brings the ledger's clock forward, and expires the holds that are due by it, each at a place of its own in the order.
 * @returns what it did, for the journal.
 */
export function advance(books: WritableBooks, nowMs: number): readonly Executed[] {
  const atMs = books.tick(nowMs);
  let seq = books.dueHold(atMs);
  if (seq === undefined) return NONE;
  const expired: Executed[] = [];
  for (; seq !== undefined; seq = books.dueHold(atMs)) {
    const command: ExpireCommand = { verb: "expire", principal: LEDGER, id: `expire:${seq}`, holdSeq: seq };
    expired.push(decide(books, command, atMs));
  }
  return expired;
}

function decide(books: WritableBooks, command: Command, atMs: number): Executed {
  const decision = apply(books, command, atMs);
  if (decision.record !== undefined) books.take(command, decision.record, atMs);
  return { command, decision, atMs };
}

const NONE: readonly Executed[] = [];
