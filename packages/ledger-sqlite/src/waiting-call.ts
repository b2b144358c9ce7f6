import { advance, apply, execute, type Answer, type Result, type Submission } from "@tallyline/ledger";
import type { FileBooks } from "./file-books.ts";
import type { Journal } from "./journal.ts";

/** Why nothing can be written for now. */
export type NoRoom = "STORE_FULL" | "STORE_BUSY";

/** A call that waits for its turn. It runs before the commit and is settled after it. */
export interface WaitingCall {
  run(nowMs: number): void;
  /** The same where nothing can be written. */
  runWithoutRoom(code: NoRoom, nowMs: number): void;
  /** Answers the caller. @param head That of the segment that was committed meanwhile; empty where none was. */
  settle(head: string): void;
  readonly fail: (error: Error) => void;
}

/** What calls are run on. */
export interface Store {
  readonly books: FileBooks;
  readonly journal: Journal;
}

/** A command that waits: one object and no closures, because thousands wait at once. */
export class WaitingCommand implements WaitingCall {
  readonly #store: Store;
  readonly #command: Submission;
  readonly #resolve: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
  #result: Result | undefined;
  /** The head of the segment that holds the result, where that was committed before. */
  #earlierHead: string | undefined;

  constructor(store: Store, command: Submission, resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#store = store;
    this.#command = command;
    this.#resolve = resolve;
    this.fail = reject;
  }

  run(nowMs: number): void {
    this.#take(execute(this.#store.books, this.#command, nowMs).at(-1)!.decision.result);
  }

  runWithoutRoom(code: NoRoom, nowMs: number): void {
    const { books } = this.#store;
    const { result, record } = apply(books, this.#command, books.tick(nowMs));
    this.#take(record === undefined ? result : notRecorded(code));
  }

  settle(head: string): void {
    this.#resolve(withHead(this.#result!, this.#earlierHead ?? head));
  }

  #take(result: Result): void {
    this.#result = result;
    this.#earlierHead = this.#store.journal.committedHead(result);
  }
}

/** A read that waits: it shows holds that are due as expired, so it writes down first that they are; without room, as held. */
export class WaitingRead<T> implements WaitingCall {
  readonly #store: Store;
  readonly #look: () => (head: string) => T;
  readonly #resolve: (value: T) => void;
  readonly fail: (error: Error) => void;
  #seen: ((head: string) => T) | RangeError | undefined;

  /** @param look Looks at the books. What it returns is asked for what it saw once that is durable; it may throw RangeError. */
  constructor(
    store: Store,
    look: () => (head: string) => T,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ) {
    this.#store = store;
    this.#look = look;
    this.#resolve = resolve;
    this.fail = reject;
  }

  run(nowMs: number): void {
    advance(this.#store.books, nowMs);
    this.runWithoutRoom();
  }

  runWithoutRoom(): void {
    try {
      this.#seen = this.#look();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#seen = error;
    }
  }

  settle(head: string): void {
    const seen = this.#seen!;
    if (seen instanceof RangeError) this.fail(seen);
    else this.#resolve(seen(head));
  }
}

/** A result as it is answered. */
export function withHead(result: Result, head: string): Answer {
  return result.ok ? { ...result, head } : result;
}

/** What a command is answered that was not even tried. */
export function notRecorded(code: NoRoom): Answer & { readonly ok: false } {
  return { ok: false, code, replayed: false };
}
