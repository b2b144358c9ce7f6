export { balanceMinor, isAccountName, type Account, type AccountTerms, type Side } from "./account.ts";
export { apply, type BooksView, type Decision, type Recorded } from "./apply.ts";
export { Books, type TrialBalance } from "./books.ts";
export {
  commandOf,
  contentOf,
  deposit,
  touches,
  transfer,
  withdraw,
  type Command,
  type Leg,
  type OpenCommand,
  type PostCommand,
} from "./command.ts";
export { createMemoryLedger, type Ledger } from "./ledger.ts";
export { formatAmount, MAX_MINOR, parseAmount, type Currency } from "./money.ts";
export type { Done, RefusalCode, Refused, Result } from "./result.ts";
