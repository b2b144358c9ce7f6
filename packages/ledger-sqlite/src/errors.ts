/**
 * The file could not be opened as a ledger. Nothing in it was changed.
 *
 * - `CANNOT_OPEN`: it is gone but its log is there; the path is a directory, not writable, or on a file system that cannot lock.
 * - `IN_USE`: another process has it open, or is reading it while its log has to be moved; the message says which.
 * - `NOT_A_LEDGER`: the file is something else.
 * - `VERSION_UNKNOWN`: written with a layout that this version does not know.
 * - `RUNTIME_UNSUITED`: Node.js is older than 22.16, or the processor is not little-endian.
 * - `CURRENCIES_DIFFER`: opened with a currency whose exponent is another than the file's.
 * - `DAMAGED`: the journal does not lead to the books that it says it does; the message names the first bad place in the order.
 */
export type LedgerOpenErrorCode =
  | "CANNOT_OPEN"
  | "IN_USE"
  | "NOT_A_LEDGER"
  | "VERSION_UNKNOWN"
  | "RUNTIME_UNSUITED"
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

/**
 * The file does not hold what it says that it holds: it was changed behind the ledger's back, or its disk is failing. The
 * ledger answers nothing more; verify the file, and restore a backup.
 */
export class LedgerDamagedError extends Error {
  override readonly name = "LedgerDamagedError";
  readonly code = "LEDGER_DAMAGED";
  /** The place in the ledger's order of the first record that is damaged. */
  readonly seq: number;
  /** What is wrong there. */
  readonly explanation: string;

  constructor(path: string, seq: number, explanation: string, options?: ErrorOptions) {
    super(`${path} is damaged at ${seq}: ${explanation}`, options);
    this.seq = seq;
    this.explanation = explanation;
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

/** A copy was not made; what was begun of it is gone. */
export class LedgerCopyError extends Error {
  override readonly name = "LedgerCopyError";
  /** `TARGET_EXISTS`: nothing is ever overwritten. `COPY_FAILED`: `cause` says why. */
  readonly code: "TARGET_EXISTS" | "COPY_FAILED";

  constructor(code: "TARGET_EXISTS" | "COPY_FAILED", target: string, explanation: string, options?: ErrorOptions) {
    super(`${target} ${explanation}`, options);
    this.code = code;
  }
}
