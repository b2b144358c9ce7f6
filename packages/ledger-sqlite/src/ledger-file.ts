import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Currency } from "@tallyline/ledger";
import { LedgerOpenError } from "./errors.ts";
import { lockFile } from "./file-lock.ts";
import { migrate } from "./migration.ts";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import { isBusy } from "./sqlite-error.ts";

/** A ledger's file, owned by this process. */
export interface LedgerFile {
  readonly database: DatabaseSync;
  /** @param hasFailed Whether a commit has failed. Default false. */
  readonly close: (hasFailed?: boolean) => void;
}

/** Connections that must not be closed: that would move a log into a file, which the disk has not taken. */
const neverClosed: DatabaseSync[] = [];

/**
 * Opens or creates the file, owned by this process until it is closed. A file that is no ledger is left as it is.
 * @throws LedgerOpenError saying what is wrong with it.
 */
export function openLedgerFile(path: string): LedgerFile {
  let unlock: (() => void) | undefined;
  let database: DatabaseSync | undefined;
  const close = (hasFailed = false) => {
    if (database !== undefined) {
      if (hasFailed && !hasTakenLog(path)) neverClosed.push(database);
      else database.close();
    }
    unlock?.();
  };
  try {
    makeFolder(path);
    // Before anything else touches the file: closing a file gives back every lock that the process has on it.
    unlock = lockFile(path);
    if (unlock === undefined) throw new LedgerOpenError("IN_USE", path, `is in use by ${ownerOf(path)}`);
    if (isNew(path)) create(path);
    else refuseForeignFile(path);
    writeLogAgain(path);
    database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    // Also writes the pages again that an earlier failed fsync of the file may have lost.
    database.exec("BEGIN IMMEDIATE; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    refuseUnmovedLog(path);
    ensureSchema(database, path);
    database.prepare("UPDATE state SET owner_pid = ?").run(process.pid);
    return { database, close };
  } catch (error) {
    close();
    throw explain(error, path);
  }
}

/** Whether the disk takes the log now. */
function hasTakenLog(path: string): boolean {
  try {
    writeLogAgain(path);
    return true;
  } catch {
    return false;
  }
}

/** A shell that reads the file, or a backup of it, may be in the way for a moment. */
const LOCK_WAIT_MS = 100;

/**
 * Opens a file to read it, beside the process that owns it.
 * @throws LedgerOpenError when it is not there or no ledger of this layout.
 */
export function openToRead(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: LOCK_WAIT_MS });
    if (pragma(database, "application_id") !== APPLICATION_ID) {
      throw new LedgerOpenError("NOT_A_LEDGER", path, "is not a Tallyline ledger");
    }
    refuseOtherVersion(pragma(database, "user_version"), path);
    return database;
  } catch (error) {
    database?.close();
    throw explain(error, path);
  }
}

/** Only the last folder: a path with a mistake further up is an error, not a new tree. */
function makeFolder(path: string): void {
  const folder = dirname(path);
  if (existsSync(folder)) return;
  mkdirSync(folder, { mode: 0o700 });
  syncFolder(dirname(folder));
}

/** Who reads the file keeps the log where it is, and with it what a failed fsync may have left unwritten. */
function refuseUnmovedLog(path: string): void {
  if (!isFilled(`${path}-wal`)) return;
  throw new LedgerOpenError("IN_USE", path, "is being read by another process, which keeps its log from being moved");
}

/**
 * Makes the log survive a power cut as it is now: after an fsync that failed, the kernel may take for written what is not.
 * SQLite must not move such a log into the file: if then the power is cut, the file is newer than the log, which is put over it.
 * The same bytes go to the same places, so that a power cut now, or somebody who reads them, finds what was there.
 */
function writeLogAgain(path: string): void {
  const log = `${path}-wal`;
  if (!isFilled(log)) return;
  const handle = openSync(log, "r+");
  try {
    const bytes = Buffer.alloc(1_048_576);
    let position = 0;
    for (;;) {
      const count = readSync(handle, bytes, 0, bytes.length, position);
      if (count === 0) break;
      for (let written = 0; written < count;) {
        written += writeSync(handle, bytes, written, count - written, position + written);
      }
      position += count;
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A log would be taken for the new file's own. It is not removed: what it holds may be all that is left of a ledger. */
export function orphanedLog(path: string): string | undefined {
  return [`${path}-wal`, `${path}-journal`].find(isFilled);
}

function isFilled(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function isNew(path: string): boolean {
  if (existsSync(path) && statSync(path).size > 0) return false;
  const log = orphanedLog(path);
  if (log === undefined) return true;
  throw new LedgerOpenError("CANNOT_OPEN", path, `is not there, but its log is: ${log}`);
}

/**
 * Makes a ledger under another name, and gives it its own once it is whole and durable: there is never half a ledger, at
 * whatever moment the process ends. What such a moment has left is made anew. The file is there before SQLite sees it, so
 * that nobody else can read it even for a moment.
 */
function create(path: string): void {
  const part = `${path}-new`;
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(part + suffix, { force: true });
  closeSync(openSync(part, "wx", 0o600));
  const database = new DatabaseSync(part);
  try {
    // The log for writing ahead comes last: what is in the file by then needs none.
    database.exec(`PRAGMA synchronous = FULL; BEGIN IMMEDIATE; ${SCHEMA} COMMIT; PRAGMA journal_mode = WAL`);
  } finally {
    database.close();
  }
  syncFile(part);
  renameSync(part, path);
  syncFolder(dirname(path));
}

/** Makes what was written to a file survive a power cut. */
export function syncFile(path: string): void {
  const handle = openSync(path, "r+");
  fsyncSync(handle);
  closeSync(handle);
}

/** Makes the names in a folder survive a power cut. Windows has no such call, and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/** The owner says in the file who it is; who asks cannot have been in its way. */
function ownerOf(path: string): string {
  try {
    const database = openToRead(path);
    try {
      const pid = database.prepare("SELECT owner_pid FROM state").get()?.["owner_pid"];
      return pid === process.pid ? "another ledger of this process" : `process ${String(pid)}`;
    } finally {
      database.close();
    }
  } catch {
    return "another process";
  }
}

/** Opening a database can already change it, so what a file is, is read from its header: https://www.sqlite.org/fileformat2.html §1.3. */
function refuseForeignFile(path: string): void {
  const header = readHeader(path);
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 16) !== "SQLite format 3\0") {
    throw new LedgerOpenError("NOT_A_LEDGER", path, "is not a ledger: it is not a SQLite database");
  }
  if (header.readInt32BE(68) === APPLICATION_ID) return;
  throw new LedgerOpenError("NOT_A_LEDGER", path, "is a SQLite database, but not a Tallyline ledger");
}

const HEADER_BYTES = 100;

function readHeader(path: string): Buffer {
  const handle = openSync(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(handle, header));
  } finally {
    closeSync(handle);
  }
}

function ensureSchema(database: DatabaseSync, path: string): void {
  const version = pragma(database, "user_version");
  if (version === 1) migrate(database, path);
  else refuseOtherVersion(version, path);
}

function refuseOtherVersion(version: unknown, path: string): void {
  if (version === SCHEMA_VERSION) return;
  const explanation = `has layout ${String(version)}, this version reads layout ${SCHEMA_VERSION}`;
  throw new LedgerOpenError("VERSION_UNKNOWN", path, explanation);
}

/** The file's currencies and those it is opened with; an exponent may never change under money that was booked with it. */
export function allCurrencies(database: DatabaseSync, path: string, currencies: readonly Currency[]): Currency[] {
  const inFile = database.prepare("SELECT code, exponent FROM currency ORDER BY number").all() as unknown as Currency[];
  const added = currencies.filter(({ code, exponent }) => {
    const known = inFile.find((each) => each.code === code);
    if (known !== undefined && known.exponent !== exponent) {
      const explanation = `keeps ${code} with ${known.exponent} decimals, but was opened with ${exponent}`;
      throw new LedgerOpenError("CURRENCIES_DIFFER", path, explanation);
    }
    return known === undefined;
  });
  return [...inFile, ...added];
}

/** Writes down the currencies that the file does not know yet. */
export function addCurrencies(database: DatabaseSync, currencies: readonly Currency[]): void {
  const add = database.prepare("INSERT OR IGNORE INTO currency (code, exponent) VALUES (?, ?)");
  database.exec("BEGIN IMMEDIATE");
  for (const { code, exponent } of currencies) add.run(code, exponent);
  database.exec("COMMIT");
}

function pragma(database: DatabaseSync, name: string): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof LedgerOpenError || !(error instanceof Error)) return error;
  if (isBusy(error)) return new LedgerOpenError("IN_USE", path, "is in use by another process", { cause: error });
  return new LedgerOpenError("CANNOT_OPEN", path, `could not be opened: ${error.message}`, { cause: error });
}
