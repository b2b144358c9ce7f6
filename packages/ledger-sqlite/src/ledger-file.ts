import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { commandOf, type Books, type Currency } from "@tallyline/ledger";
import { LedgerOpenError } from "./errors.ts";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./schema.ts";

// https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/**
 * Opens or creates the file, owned by this process until it is closed.
 * @throws LedgerOpenError saying what is wrong with it.
 */
export function openLedgerFile(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    createPrivately(path);
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
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  const handle = openSync(folder, "r");
  fsyncSync(handle); // makes the file's name itself survive a power cut
  closeSync(handle);
}

function ensureSchema(database: DatabaseSync, path: string): void {
  const applicationId = pragma(database, "application_id");
  const objects = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"];
  if (applicationId === 0 && objects === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    return;
  }
  if (applicationId !== APPLICATION_ID) {
    throw new LedgerOpenError("NOT_A_LEDGER", path, "is a SQLite database, but not a Tallyline ledger");
  }
  const version = pragma(database, "user_version");
  if (version !== SCHEMA_VERSION) {
    const explanation = `has layout ${String(version)}, this version reads layout ${SCHEMA_VERSION}`;
    throw new LedgerOpenError("VERSION_UNKNOWN", path, explanation);
  }
}

/** Adds new currencies to the file; an exponent may never change under money that was booked with it. */
export function reconcileCurrencies(database: DatabaseSync, path: string, currencies: readonly Currency[]): void {
  const known = database.prepare("SELECT exponent FROM currency WHERE code = ?");
  const add = database.prepare("INSERT INTO currency (code, exponent) VALUES (?, ?)");
  for (const { code, exponent } of currencies) {
    const inFile = known.get(code)?.["exponent"];
    if (inFile === undefined) {
      add.run(code, exponent);
    } else if (inFile !== exponent) {
      const explanation = `keeps ${code} with ${String(inFile)} decimals, but was opened with ${exponent}`;
      throw new LedgerOpenError("CURRENCIES_DIFFER", path, explanation);
    }
  }
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
  if (sqliteCode === SQLITE_NOTADB) {
    return new LedgerOpenError("NOT_A_LEDGER", path, "is not a ledger: it is not a SQLite database", { cause: error });
  }
  return new LedgerOpenError("CANNOT_OPEN", path, `could not be opened: ${error.message}`, { cause: error });
}
