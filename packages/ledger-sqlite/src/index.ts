export { LedgerClosedError, LedgerFailedError, LedgerOpenError, type LedgerOpenErrorCode } from "./errors.ts";
export { openSqliteLedger, type SqliteLedger, type SqliteLedgerOptions } from "./sqlite-ledger.ts";
