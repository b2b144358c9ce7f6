export { backupLedger, restoreLedger, type BackupOptions, type RestoreOptions } from "./backup.ts";
export {
  LedgerClosedError,
  LedgerCopyError,
  LedgerDamagedError,
  LedgerFailedError,
  LedgerOpenError,
  type LedgerOpenErrorCode,
} from "./errors.ts";
export { exportJournal, type ExportedJournal } from "./journal-export.ts";
export { openSqliteLedger, type SqliteLedger, type SqliteLedgerOptions } from "./sqlite-ledger.ts";
export { verifyLedgerFile } from "./verify.ts";
