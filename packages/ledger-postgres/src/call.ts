import {
  apply,
  commandOf,
  execute,
  StoreInterruptedError,
  type AccountDetails,
  type Answer,
  type Found,
  type Identity,
  type RefusalCode,
  type Result,
  type Submission,
} from "@tallyline/ledger";
import type { BatchBooks } from "./batch-books.ts";
import type { BatchNeeds } from "./batch-loader.ts";

/** Why a call is answered without having been run. */
export type NotRun = "STORE_BUSY" | "STORE_FULL" | "STORE_UNAVAILABLE";

/** A call that waits for its turn in a batch. It runs before the commit and is settled after it. */
export interface Call {
  /** Whether it may change the books. */
  readonly writes: boolean;
  /** Says what it reads. */
  need(needs: BatchNeeds): void;
  /** @returns what settles the caller's promise once what it saw is durable, given the head of the batch's own segment. */
  run(books: BatchBooks, nowMs: number): (head: string) => void;
  /** It did not run, and nothing happened. */
  refuse(code: NotRun): void;
  /** It ran, and nobody knows whether that is durable. */
  interrupt(cause: unknown): void;
  /** The ledger is over. */
  fail(error: Error): void;
}

export class SubmitCall implements Call {
  readonly writes = true;
  readonly #command: Submission;
  readonly #resolve: (answer: Answer) => void;
  readonly fail: (error: Error) => void;

  constructor(command: Submission, resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#command = command;
    this.#resolve = resolve;
    this.fail = reject;
  }

  need(needs: BatchNeeds): void {
    needs.addCommand(this.#command);
  }

  run(books: BatchBooks, nowMs: number): (head: string) => void {
    const { result } = execute(books, this.#command, nowMs).at(-1)!.decision;
    return withHead(books, result, this.#resolve);
  }

  refuse(code: RefusalCode): void {
    this.#resolve({ ok: false, code, replayed: false });
  }

  interrupt(cause: unknown): void {
    const message = "the commit was not confirmed: whether the command took effect is unknown";
    this.fail(new StoreInterruptedError("OUTCOME_UNKNOWN", message, { cause }));
  }
}

export function previewCall(
  command: Submission,
  resolve: (result: Result) => void,
  reject: (error: Error) => void,
): Call {
  return {
    ...readCall(reject),
    need: (needs) => {
      needs.addCommand(command);
      needs.addIdentity(command);
    },
    run: (books, nowMs) => {
      const { result } = apply(books, command, books.tick(nowMs));
      return () => resolve(result);
    },
  };
}

export function lookupCall(
  identity: Identity,
  resolve: (found: Found | undefined) => void,
  reject: (error: Error) => void,
): Call {
  return {
    ...readCall(reject),
    need: (needs) => needs.addIdentity(identity),
    run: (books) => {
      const recorded = books.recorded(identity.principal, identity.id);
      if (recorded === undefined) return () => resolve(undefined);
      const command = commandOf(recorded.content, identity);
      return withHead(books, { ...recorded.result, replayed: true }, (answer) => resolve({ command, answer }));
    },
  };
}

export function accountCall(
  name: string,
  resolve: (account: AccountDetails | undefined) => void,
  reject: (error: Error) => void,
): Call {
  return {
    ...readCall(reject),
    need: (needs) => needs.addAccount(name),
    run: (books) => {
      const details = books.details(name);
      return () => resolve(details);
    },
  };
}

/** What becomes of a read that cannot be answered. */
export function readCall(reject: (error: Error) => void): Pick<Call, "writes" | "refuse" | "interrupt" | "fail"> {
  return {
    writes: false,
    refuse: (code) =>
      code === "STORE_UNAVAILABLE"
        ? reject(new StoreInterruptedError(code, "the database cannot be reached"))
        : reject(new StoreInterruptedError("STORE_BUSY", "too much waits for the database")),
    interrupt: (cause) =>
      reject(new StoreInterruptedError("STORE_UNAVAILABLE", "what was read was not confirmed", { cause })),
    fail: reject,
  };
}

/** What took effect is answered with the head of its segment: an earlier one, or that of the batch. */
function withHead(books: BatchBooks, result: Result, resolve: (answer: Answer) => void): (head: string) => void {
  if (!result.ok) return () => resolve(result);
  const earlier = books.earlierHead(result.seq);
  return (head) => resolve({ ...result, head: earlier ?? head });
}
