import type { Account } from "./account.ts";
import { Books, type BooksOptions, type TrialBalance } from "./books.ts";
import type { Command, ExpireCommand } from "./command.ts";
import type { Result } from "./result.ts";
import type { Statement, StatementRange } from "./statement.ts";

/**
 * A ledger, wherever it is kept. Calls take effect in the order in which they were made, reads included: a read sees
 * every command submitted before it, and only durable ones.
 */
export interface Ledger {
  /**
   * Executes a command. Resolves once the outcome is durable; refusals are results.
   * Rejects only when the store has failed: then whether it took effect is unknown, and `settle` by the same id tells
   * once the store is open again.
   */
  submit(command: Exclude<Command, ExpireCommand>): Promise<Result>;
  /** Reads an account; undefined when there is none of that name. */
  account(name: string): Promise<Account | undefined>;
  /** Reads an account's entries; undefined when there is none of that name. Rejects with RangeError for a bad range. */
  statement(name: string, range?: StatementRange): Promise<Statement | undefined>;
  /** Sums all debits and all credits by currency. */
  trialBalance(): Promise<TrialBalance[]>;
  /** Finishes what was submitted and lets go of the store. Closing twice is fine. */
  close(): Promise<void>;
}

/** What a ledger in memory is made of. */
export interface MemoryLedgerOptions extends BooksOptions {
  /** The clock, in milliseconds since 1970. The ledger's own never goes back, even if this one does. */
  readonly now: () => number;
}

/** Keeps the books in memory: for tests, and for programs whose money may end with the process. */
export function createMemoryLedger(options: MemoryLedgerOptions): Ledger {
  const books = new Books(options);
  const read = <T>(answer: () => T): T => {
    books.advance(options.now());
    return answer();
  };
  return {
    submit: async (command) => books.execute(command, options.now()).at(-1)!.decision.result,
    account: async (name) => read(() => books.account(name)),
    statement: async (name, range) => read(() => books.statement(name, range)),
    trialBalance: async () => read(() => books.trialBalance()),
    close: async () => {},
  };
}
