/** Debits increase assets and expenses; credits increase liabilities (customers' deposits), equity and income. */
export type Side = "debit" | "credit";

/** What an account is, for as long as it exists. */
export interface AccountTerms {
  /** 1 to 64 of `A-Z a-z 0-9 . _ : -`; a leading `@` marks the bank's own accounts, such as `@cash`. */
  readonly account: string;
  /** Code of a currency the ledger was opened with. */
  readonly currency: string;
  /** The side that increases the balance: "credit" for a customer's deposits, "debit" for the bank's cash. */
  readonly normalSide: Side;
  /** Postings may not take the balance below this: 0 for no overdraft, null for no limit. */
  readonly minBalanceMinor: bigint | null;
}

/** An account at one moment of the ledger's order. */
export interface Account extends AccountTerms {
  /** Sum of all debits ever posted, in minor units; it only grows. */
  readonly debitsMinor: bigint;
  /** Sum of all credits ever posted, in minor units; it only grows. */
  readonly creditsMinor: bigint;
  /** How many entries have touched the account. */
  readonly version: number;
}

/** Whether a text can name an account. */
export function isAccountName(text: string): boolean {
  return /^@?[A-Za-z0-9._:-]{1,64}$/.test(text) && text.length <= 64;
}

/** The balance as its owner counts it: positive on the account's normal side. */
export function balanceMinor(account: Account): bigint {
  return account.normalSide === "debit"
    ? account.debitsMinor - account.creditsMinor
    : account.creditsMinor - account.debitsMinor;
}
