export {
  LedgerClosedError,
  LedgerDamagedError,
  LedgerFailedError,
  LedgerOpenError,
  type LedgerOpenErrorCode,
} from "./errors.ts";
export {
  importJournal,
  migrateLedger,
  type ImportOptions,
  type JournalSource,
  type MigrationOptions,
} from "./migrate.ts";
export { openPostgresLedger, type PostgresLedger, type PostgresLedgerOptions } from "./postgres-ledger.ts";
export type { ServerSettings } from "./server-settings.ts";
export { verifyLedger, type VerifyPlace } from "./verify.ts";
