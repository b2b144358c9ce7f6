/** Debits increase assets and expenses; credits increase liabilities (customers' deposits), equity and income. */
export type Side = "debit" | "credit";

/** What an account stands for; it decides the side that increases its balance. */
export type AccountKind = "asset" | "liability" | "equity" | "income" | "expense";

/** What an account is opened with. */
export interface AccountTerms {
  /** 1 to 64 of `A-Z a-z 0-9 . _ : -`; a leading `@` marks the bank's own accounts, such as `@cash`. */
  readonly account: string;
  /** Code of a currency the ledger was opened with. */
  readonly currency: string;
  /** "liability" for a customer's deposits, "asset" for the bank's cash. */
  readonly kind: AccountKind;
  /** Neither postings nor holds may take the balance below this: 0 for no overdraft, null for no limit. */
  readonly minBalanceMinor: bigint | null;
  /** Nor above this; null for no limit. */
  readonly maxBalanceMinor: bigint | null;
}

/** What an account is opened with besides: kept and shown, and no rule looks at it. It never changes. */
export interface AccountProfile {
  /** Who it belongs to: 1 to 64 printable ASCII characters without blanks, as of a principal. */
  readonly owner?: string;
  /** Up to 16 facts: names as of a principal, values without control characters, 1,024 characters in all. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An account at one moment of the ledger's order. Amounts are minor units. */
export interface Account extends AccountTerms {
  /** "frozen": nothing is posted or held until it is unfrozen. "closed": never again. */
  readonly status: "open" | "frozen" | "closed";
  /** Sum of all debits ever posted; it only grows, and may exceed 64 bits where the balance may not. */
  readonly debitsMinor: bigint;
  /** Sum of all credits ever posted; it only grows. */
  readonly creditsMinor: bigint;
  /** Debits that holds have set aside. */
  readonly heldDebitsMinor: bigint;
  /** Credits that holds promise. */
  readonly heldCreditsMinor: bigint;
  /** How many legs have been posted to the account: the version of its latest entry. */
  readonly version: number;
}

/** An account as it is read: its state, and what it was opened with. */
export interface AccountDetails extends Account, AccountProfile {
  /** The place in the ledger's order of the command that opened it. */
  readonly openedSeq: number;
}

/** Whether a text can name an account. */
export function isAccountName(text: string): boolean {
  return /^@?[A-Za-z0-9._:-]{1,64}$/.test(text) && text.length <= 64;
}

/** The side that increases the balance of accounts of a kind. */
export function normalSide(kind: AccountKind): Side {
  return kind === "asset" || kind === "expense" ? "debit" : "credit";
}

/** The booked balance as its owner counts it: positive on the account's normal side. */
export function balanceMinor(account: Account): bigint {
  const { debitsMinor, creditsMinor } = account;
  return normalSide(account.kind) === "debit" ? debitsMinor - creditsMinor : creditsMinor - debitsMinor;
}

/**
 * The balance less what holds have set aside: ISO 20022's interim available balance.
 * @param bookedMinor The account's balance, where it is known already.
 */
export function availableMinor(account: Account, bookedMinor: bigint = balanceMinor(account)): bigint {
  const { heldDebitsMinor, heldCreditsMinor } = account;
  return bookedMinor - (normalSide(account.kind) === "debit" ? heldCreditsMinor : heldDebitsMinor);
}

/**
 * The balance that would be if every promised amount came and none was paid: what a ceiling is measured with.
 * @param bookedMinor The account's balance, where it is known already.
 */
export function highestMinor(account: Account, bookedMinor: bigint = balanceMinor(account)): bigint {
  const { heldDebitsMinor, heldCreditsMinor } = account;
  return bookedMinor + (normalSide(account.kind) === "debit" ? heldDebitsMinor : heldCreditsMinor);
}
