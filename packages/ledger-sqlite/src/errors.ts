/**
 * The file could not be opened as a ledger. Nothing in it was changed.
 *
 * - `CANNOT_OPEN`: the path is a directory, not writable, or on a file system that cannot lock.
 * - `IN_USE`: another process has it open.
 * - `NOT_A_LEDGER`: the file is something else.
 * - `VERSION_UNKNOWN`: written with a layout that this version does not know.
 * - `CURRENCIES_DIFFER`: opened with a currency whose exponent is another than the file's.
 * - `DAMAGED`: the journal does not lead to the books that it says it does; the message names the first bad entry.
 */
export type LedgerOpenErrorCode =
  | "CANNOT_OPEN"
  | "IN_USE"
  | "NOT_A_LEDGER"
  | "VERSION_UNKNOWN"
  | "CURRENCIES_DIFFER"
  | "DAMAGED";

/** Why a ledger file was not opened. */
export class LedgerOpenError extends Error {
  override readonly name = "LedgerOpenError";
  readonly code: LedgerOpenErrorCode;
  /** The file, as it was given. */
  readonly path: string;

  constructor(code: LedgerOpenErrorCode, path: string, explanation: string, options?: ErrorOptions) {
    super(`${path} ${explanation}`, options);
    this.code = code;
    this.path = path;
  }
}

/**
 * A commit failed. Whether its commands took effect is unknown: after an I/O error SQLite may show them once the file
 * is opened again. The ledger answers nothing more; stop the process, open the file again, and ask by the same ids.
 */
export class LedgerFailedError extends Error {
  override readonly name = "LedgerFailedError";
  readonly code = "LEDGER_FAILED";

  constructor(path: string, options: ErrorOptions) {
    super(`a commit to ${path} failed; its outcome is unknown until the file is opened again`, options);
  }
}

/** The ledger was closed before the call was made; the call did nothing. */
export class LedgerClosedError extends Error {
  override readonly name = "LedgerClosedError";
  readonly code = "LEDGER_CLOSED";

  constructor(path: string) {
    super(`the ledger in ${path} is closed`);
  }
}
