/**
 * The ledger could not be opened. Nothing in the database was changed.
 *
 * - `CANNOT_CONNECT`: no server answered, or none that takes writes; `cause` is what the last one said.
 * - `NOT_MIGRATED`: the schema is missing, or of an earlier version: {@link migrateLedger} makes it.
 * - `VERSION_UNKNOWN`: the schema is of a later version than this one knows.
 * - `SETTINGS_DIFFER`: the server would not keep what it acknowledges as the operator asked; the message names each setting.
 * - `CURRENCIES_DIFFER`: opened with a currency whose exponent is another than the database's.
 * - `NOT_EMPTY`: a journal was to be copied to where one is already.
 */
export type LedgerOpenErrorCode =
  | "CANNOT_CONNECT"
  | "NOT_MIGRATED"
  | "VERSION_UNKNOWN"
  | "SETTINGS_DIFFER"
  | "CURRENCIES_DIFFER"
  | "NOT_EMPTY";

/** Why a ledger was not opened. */
export class LedgerOpenError extends Error {
  override readonly name = "LedgerOpenError";
  readonly code: LedgerOpenErrorCode;

  constructor(code: LedgerOpenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The database refused a statement for a reason that trying again does not change, such as a missing privilege. */
export class LedgerFailedError extends Error {
  override readonly name = "LedgerFailedError";
  readonly code = "LEDGER_FAILED";

  constructor(options: ErrorOptions) {
    super("the database refused what it should not have; the ledger answers nothing more", options);
  }
}

/** The database does not hold what it says that it holds. The ledger answers nothing more; verify it, and restore a backup. */
export class LedgerDamagedError extends Error {
  override readonly name = "LedgerDamagedError";
  readonly code = "LEDGER_DAMAGED";
  /** The place in the ledger's order of the first record that is damaged. */
  readonly seq: number;
  /** What is wrong there. */
  readonly explanation: string;

  constructor(seq: number, explanation: string, options?: ErrorOptions) {
    super(`the ledger is damaged at ${seq}: ${explanation}`, options);
    this.seq = seq;
    this.explanation = explanation;
  }
}

/** The ledger was closed before the call was made; the call did nothing. */
export class LedgerClosedError extends Error {
  override readonly name = "LedgerClosedError";
  readonly code = "LEDGER_CLOSED";

  constructor() {
    super("the ledger is closed");
  }
}
