import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { commandOf, type Books, type Currency } from "@tallyline/ledger";
import { LedgerOpenError } from "./errors.ts";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Opens or creates the file, owned by this process until it is closed. A file that is no ledger is left as it is.
 * @throws LedgerOpenError saying what is wrong with it.
 */
export function openLedgerFile(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    createPrivately(path);
    refuseForeignFile(path);
    database = new DatabaseSync(path);
    // Exclusive first, so that the write-ahead log never needs memory shared between processes.
    database.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
    );
    // Takes the lock; and after a crash, writes the pages again that an earlier failed fsync may have lost.
    database.exec("BEGIN IMMEDIATE; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    ensureSchema(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw explain(error, path);
  }
}

/** The file is created before SQLite sees it, so that nobody else can read it even for a moment. */
function createPrivately(path: string): void {
  const folder = dirname(path);
  // Only the last folder: a path with a mistake further up is an error, not a new tree.
  const isNewFolder = !existsSync(folder);
  if (isNewFolder) mkdirSync(folder, { mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  syncFolder(folder);
  if (isNewFolder) syncFolder(dirname(folder));
}

/** Makes the names in a folder survive a power cut. Windows has no such call, and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/** Opening a database can already change it, so what a file is, is read from its header: https://www.sqlite.org/fileformat2.html §1.3. */
function refuseForeignFile(path: string): void {
  const header = readHeader(path);
  if (header.length === 0) return;
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 16) !== "SQLite format 3\0") {
    throw new LedgerOpenError("NOT_A_LEDGER", path, "is not a ledger: it is not a SQLite database");
  }
  const applicationId = header.readInt32BE(68);
  // Without an id it may be a ledger whose making was cut short: then nothing is in it.
  if (applicationId === APPLICATION_ID || (applicationId === 0 && isEmptyDatabase(path))) return;
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

function isEmptyDatabase(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"] === 0;
  } finally {
    database.close();
  }
}

function ensureSchema(database: DatabaseSync, path: string): void {
  if (pragma(database, "application_id") !== APPLICATION_ID) {
    // Checkpointed at once, so that the file's own header says what it is.
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
    return;
  }
  const version = pragma(database, "user_version");
  if (version !== SCHEMA_VERSION) {
    const explanation = `has layout ${String(version)}, this version reads layout ${SCHEMA_VERSION}`;
    throw new LedgerOpenError("VERSION_UNKNOWN", path, explanation);
  }
}

/** The file's currencies and those it is opened with; an exponent may never change under money that was booked with it. */
export function allCurrencies(database: DatabaseSync, path: string, currencies: readonly Currency[]): Currency[] {
  const inFile = database.prepare("SELECT code, exponent FROM currency").all() as unknown as Currency[];
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

interface JournalRow {
  readonly seq: number;
  readonly principal: string;
  readonly id: string;
  readonly recorded_at_ms: number;
  readonly content: string;
  readonly code: string;
}

/** Replays the journal into empty books: every command is decided again and must come to what was recorded. */
export function replayJournal(database: DatabaseSync, path: string, books: Books): void {
  const rows = database.prepare("SELECT seq, principal, id, recorded_at_ms, content, code FROM journal ORDER BY seq");
  for (const row of rows.iterate()) {
    const { seq, code, ...command } = row as unknown as JournalRow;
    const expectedSeq = books.nextSeq;
    const answer = replayOne(books, command);
    if (seq !== expectedSeq || answer !== code) {
      const explanation = `is damaged: journal entry ${seq} says ${code}, but replaying entry ${expectedSeq} gives ${answer}`;
      throw new LedgerOpenError("DAMAGED", path, explanation);
    }
  }
}

function replayOne(books: Books, row: Pick<JournalRow, "principal" | "id" | "recorded_at_ms" | "content">): string {
  try {
    const { decision } = books.replay(commandOf(row.content, row), row.recorded_at_ms);
    if (decision.record === undefined) return "nothing to record";
    return decision.result.ok ? "OK" : decision.result.code;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function pragma(database: DatabaseSync, name: string): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof LedgerOpenError || !(error instanceof Error)) return error;
  const sqliteCode = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
  if (sqliteCode === SQLITE_BUSY) {
    return new LedgerOpenError("IN_USE", path, "is in use by another process", { cause: error });
  }
  return new LedgerOpenError("CANNOT_OPEN", path, `could not be opened: ${error.message}`, { cause: error });
}
