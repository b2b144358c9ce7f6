import type { AccountDetails } from "./account.ts";
import { Books, type BooksOptions, type TrialBalance } from "./books.ts";
import type { Command, Identity, Submission } from "./command.ts";
import type { AccountPage, AccountRange, HoldPage, HoldRange } from "./page.ts";
import type { Answer, Result } from "./result.ts";
import type { Statement, StatementRange } from "./statement.ts";

/**
 * A ledger, wherever it is kept. Calls take effect in the order in which they were made, reads included: a read sees
 * every command submitted before it, and only durable ones.
 *
 * A call rejects with StoreInterruptedError where this call got no answer, and the ledger goes on; with RangeError when its
 * range makes no sense; and otherwise only when the store has failed or was closed.
 */
export interface Ledger {
  /**
   * Executes a command. Resolves once the outcome is durable; refusals are results.
   * Where it rejects, whether it took effect is unknown, and `settle` by the same id tells: after StoreInterruptedError as
   * soon as the store answers again, after any other error once it is open again.
   */
  submit(command: Submission): Promise<Answer>;
  /** What submitting the command now would come to. Records nothing: `seq` is not promised, and the id stays unused. */
  preview(command: Submission): Promise<Result>;
  /** What was asked under an id and how it was answered; undefined when nothing was yet, which is no promise: `settle` makes one. */
  lookup(identity: Identity): Promise<Found | undefined>;
  /** Reads an account; undefined when there is none of that name. */
  account(name: string): Promise<AccountDetails | undefined>;
  /** Lists accounts. Rejects with RangeError where there is no account to begin after. */
  accounts(range?: AccountRange): Promise<AccountPage>;
  /** Lists the holds on an account that still hold something; undefined when there is no account of that name. */
  holds(name: string, range?: HoldRange): Promise<HoldPage | undefined>;
  /** Reads an account's entries; undefined when there is none of that name. */
  statement(name: string, range?: StatementRange): Promise<Statement | undefined>;
  /** Sums all debits and all credits by currency. */
  trialBalance(): Promise<TrialBalance[]>;
  /** Where the journal ends. */
  head(): Promise<Head>;
  /** Recomputes all of the books from their history, up to where it ends now. */
  verify(options?: VerifyOptions): Promise<Verification>;
  /** Finishes what was submitted and lets go of the store. Closing twice is fine. */
  close(): Promise<void>;
}

/** What is filed under a principal and an id. */
export interface Found {
  readonly command: Command;
  /** The first answer again, `replayed`. */
  readonly answer: Answer;
}

/** The end of the journal: what an auditor writes down to prove later that nothing before it was changed. */
export interface Head {
  /** The place in the order of the last command recorded; 0 for none. */
  readonly seq: number;
  /** SHA-256 of the last segment, as 64 hexadecimal digits; empty where the store keeps no chain. */
  readonly head: string;
}

/** How to verify. */
export interface VerifyOptions {
  /** Told now and then how far it is: both are places in the order. */
  readonly onProgress?: (progress: { readonly seq: number; readonly lastSeq: number }) => void;
}

/** Whether the books are what their history makes them. */
export type Verification =
  /** They are, up to this head. */
  | ({ readonly ok: true } & Head)
  /** They are not: the first place in the order where something is wrong, and what. */
  | { readonly ok: false; readonly seq: number; readonly what: string };

/** What a ledger in memory is made of. */
export interface MemoryLedgerOptions extends BooksOptions {
  /** The clock, in milliseconds since 1970. The ledger's own never goes back, even if this one does. */
  readonly now: () => number;
}

/** Keeps the books in memory: for tests, and for programs whose money may end with the process. It keeps no chain. */
export function createMemoryLedger(options: MemoryLedgerOptions): Ledger {
  const books = new Books(options);
  const read = <T>(answer: () => T): T => {
    books.advance(options.now());
    return answer();
  };
  return {
    submit: async (command) => answerOf(books.execute(command, options.now()).at(-1)!.decision.result),
    preview: async (command) => read(() => books.preview(command)),
    lookup: async (identity) =>
      read(() => {
        const found = books.lookup(identity);
        return found && { command: found.command, answer: answerOf(found.result) };
      }),
    account: async (name) => read(() => books.details(name)),
    accounts: async (range) => read(() => books.accounts(range)),
    holds: async (name, range) => read(() => books.holds(name, range)),
    statement: async (name, range) => read(() => books.statement(name, range)),
    trialBalance: async () => read(() => books.trialBalance()),
    head: async () => read(() => ({ seq: books.nextSeq - 1, head: NO_CHAIN })),
    verify: async () =>
      read(() => {
        const what = books.findFault();
        const seq = books.nextSeq - 1;
        return what === undefined ? { ok: true, seq, head: NO_CHAIN } : { ok: false, seq, what };
      }),
    close: async () => {},
  };
}

const NO_CHAIN = "";

function answerOf(result: Result): Answer {
  return result.ok ? { ...result, head: NO_CHAIN } : result;
}
