import type { AccountDetails, AccountKind, Currency, Ledger } from "@tallyline/ledger";

/** What of an account never changes, and every request about it needs to know. */
export interface AccountFacts {
  readonly currency: Currency;
  readonly kind: AccountKind;
  /** The user it belongs to. */
  readonly owner: string | undefined;
}

/** Most accounts remembered; beyond it all are forgotten and looked up again, which costs a read each. */
const REMEMBERED_MAX = 100_000;

/** Remembers the facts of accounts, so that a request does not wait for a read before it is submitted. */
export class AccountDirectory {
  readonly #ledger: Ledger;
  readonly #currencies: ReadonlyMap<string, Currency>;
  readonly #facts = new Map<string, AccountFacts>();
  /** What amounts are read in where no account says otherwise. */
  readonly defaultCurrency: Currency;

  /** @param currencies Those that the ledger was opened with; the first is the default. */
  constructor(ledger: Ledger, currencies: readonly [Currency, ...Currency[]]) {
    this.#ledger = ledger;
    this.#currencies = new Map(currencies.map((currency) => [currency.code, currency]));
    this.defaultCurrency = currencies[0];
  }

  /** The facts of an account, where they are known by now. */
  known(account: string): AccountFacts | undefined {
    return this.#facts.get(account);
  }

  /** The facts of accounts, as far as there are such accounts; those that are not known yet are read. */
  async load(accounts: readonly string[]): Promise<void> {
    const unknown = [...new Set(accounts)].filter((account) => !this.#facts.has(account));
    for (const details of await Promise.all(unknown.map((account) => this.#ledger.account(account)))) {
      if (details !== undefined) this.learn(details);
    }
  }

  /** Remembers an account that was read anyway. */
  learn({ account, currency, kind, owner }: AccountDetails): AccountFacts {
    if (this.#facts.size >= REMEMBERED_MAX) this.#facts.clear();
    const facts = { currency: this.currency(currency) ?? this.defaultCurrency, kind, owner };
    this.#facts.set(account, facts);
    return facts;
  }

  /** A currency by its code. */
  currency(code: string): Currency | undefined {
    return this.#currencies.get(code);
  }
}
