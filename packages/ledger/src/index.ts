export {
  availableMinor,
  balanceMinor,
  highestMinor,
  isAccountName,
  normalSide,
  type Account,
  type AccountDetails,
  type AccountKind,
  type AccountProfile,
  type AccountTerms,
  type Side,
} from "./account.ts";
export { apply, type Decision } from "./apply.ts";
export { Books, checkBooksOptions, type BooksOptions, type TrialBalance } from "./books.ts";
export { touches, type BooksView, type Recorded, type Touched } from "./books-view.ts";
export {
  deposit,
  transfer,
  withdraw,
  type CaptureCommand,
  type Command,
  type ExpireCommand,
  type HoldCommand,
  type Identity,
  type Leg,
  type LimitCommand,
  type OpenCommand,
  type PostCommand,
  type ReleaseCommand,
  type Request,
  type ReverseCommand,
  type SettleCommand,
  type StatusCommand,
  type Submission,
  type VersionCondition,
} from "./command.ts";
export { commandOf, contentOf } from "./content.ts";
export { advance, execute, type Executed, type WritableBooks } from "./execute.ts";
export { ExpiryQueue } from "./expiry-queue.ts";
export {
  createMemoryLedger,
  type Found,
  type Head,
  type Ledger,
  type MemoryLedgerOptions,
  type Verification,
  type VerifyOptions,
} from "./ledger.ts";
export { formatAmount, MAX_MINOR, parseAmount, type Currency } from "./money.ts";
export { checkRange, type AccountPage, type AccountRange, type HoldPage, type HoldRange } from "./page.ts";
export type { Answer, Done, Hold, Receipt, RefusalCode, Refused, Result } from "./result.ts";
export type { Entry, Statement, StatementRange } from "./statement.ts";
export { StoreInterruptedError, type StoreInterruptedCode } from "./store-interrupted.ts";
export { LEDGER } from "./validate.ts";
