import type { Currency, Ledger } from "@tallyline/ledger";
import { USD } from "./opening.ts";

/** Whose ids the bank opens its own accounts under; no client can use one of them. */
const OPENS_ACCOUNTS = "@bank:open";

/** The bank's cash in a currency. An account has one currency, and dollars were there first. */
export function cashAccount(currency: Currency): string {
  return currency.code === USD.code ? "@cash" : `@cash:${currency.code}`;
}

/** Makes sure that there is an account for cash in each currency. @throws Error when the books do not take one. */
export async function openCashAccounts(ledger: Ledger, currencies: readonly Currency[]): Promise<void> {
  const results = currencies.map((currency) => {
    const account = cashAccount(currency);
    const terms = {
      account,
      currency: currency.code,
      kind: "asset",
      minBalanceMinor: null,
      maxBalanceMinor: null,
    } as const;
    return ledger.submit({ verb: "open", principal: OPENS_ACCOUNTS, id: account, ...terms });
  });
  for (const result of await Promise.all(results)) {
    if (!result.ok) throw new Error(`an account for cash could not be opened: ${result.code}`);
  }
}
