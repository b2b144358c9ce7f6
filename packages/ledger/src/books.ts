import type { Account } from "./account.ts";
import { apply, type BooksView, type Decision, type Recorded } from "./apply.ts";
import type { Command } from "./command.ts";
import type { Currency } from "./money.ts";

/** Debits and credits of everything ever posted in one currency. Equal, or the books are broken. */
export interface TrialBalance {
  readonly currency: string;
  readonly debitsMinor: bigint;
  readonly creditsMinor: bigint;
}

/** The whole books in memory. A store feeds it commands in order; replaying them rebuilds it. */
export class Books implements BooksView {
  readonly #currencies: ReadonlyMap<string, Currency>;
  readonly #accounts = new Map<string, Account>();
  readonly #recorded = new Map<string, Map<string, Recorded>>(); // principal → id → first answer
  #lastSeq = 0;

  /** @param currencies The currencies accounts may be in; codes must differ. */
  constructor(currencies: readonly Currency[]) {
    for (const { code, exponent } of currencies) {
      if (!/^[A-Z0-9]{3,8}$/.test(code))
        throw new RangeError(`currency code is ${JSON.stringify(code)}, expected 3 to 8 of A-Z 0-9`);
      if (!Number.isInteger(exponent) || exponent < 0 || exponent > 9) {
        throw new RangeError(`exponent of ${code} is ${exponent}, expected an integer from 0 to 9`);
      }
    }
    this.#currencies = new Map(currencies.map((currency) => [currency.code, currency]));
    if (this.#currencies.size !== currencies.length) throw new RangeError("two currencies have the same code");
  }

  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  account(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  recorded(principal: string, id: string): Recorded | undefined {
    return this.#recorded.get(principal)?.get(id);
  }

  hasCurrency(code: string): boolean {
    return this.#currencies.has(code);
  }

  /** Decides a command and, when it is to be recorded, takes it into the books at once. */
  execute(command: Command): Decision {
    const decision = apply(this, command);
    if (decision.record === undefined) return decision;

    this.#lastSeq += 1;
    const { result } = decision;
    if (result.ok) {
      for (const account of result.accounts) this.#accounts.set(account.account, account);
    }
    let ids = this.#recorded.get(command.principal);
    if (ids === undefined) this.#recorded.set(command.principal, (ids = new Map()));
    ids.set(command.id, decision.record);
    return decision;
  }

  /** Sums the books by currency, in the order in which the currencies were given. */
  trialBalance(): TrialBalance[] {
    return [...this.#currencies.keys()].map((currency) => {
      let debitsMinor = 0n;
      let creditsMinor = 0n;
      for (const account of this.#accounts.values()) {
        if (account.currency !== currency) continue;
        debitsMinor += account.debitsMinor;
        creditsMinor += account.creditsMinor;
      }
      return { currency, debitsMinor, creditsMinor };
    });
  }
}
