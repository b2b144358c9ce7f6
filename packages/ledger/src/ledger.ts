import type { Account } from "./account.ts";
import { Books, type TrialBalance } from "./books.ts";
import type { Command } from "./command.ts";
import type { Currency } from "./money.ts";
import type { Result } from "./result.ts";

/**
 * A ledger, wherever it is kept. Calls take effect in the order in which they were made, reads included: a read sees
 * every command submitted before it, and only durable ones.
 */
export interface Ledger {
  /**
   * Executes a command. Resolves once the outcome is durable; refusals are results.
   * Rejects only when the store has failed: then whether it took effect is unknown, and the same id tells later.
   */
  submit(command: Command): Promise<Result>;
  /** Reads an account; undefined when there is none of that name. */
  account(name: string): Promise<Account | undefined>;
  /** Sums all debits and all credits by currency. */
  trialBalance(): Promise<TrialBalance[]>;
  /** Finishes what was submitted and lets go of the store. Closing twice is fine. */
  close(): Promise<void>;
}

/** Keeps the books in memory: for tests, and for programs whose money may end with the process. */
export function createMemoryLedger(options: { readonly currencies: readonly Currency[] }): Ledger {
  const books = new Books(options.currencies);
  return {
    submit: async (command) => books.execute(command).result,
    account: async (name) => books.account(name),
    trialBalance: async () => books.trialBalance(),
    close: async () => {},
  };
}
