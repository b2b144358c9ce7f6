import type { DatabaseSync } from "node:sqlite";
import { holdOf, readAfterImages, readRecord, recordReaders, type AccountIdentity } from "@tallyline/ledger/journal";
import { LedgerDamagedError } from "./errors.ts";
import { ACCOUNTS_PER_PAGE } from "./account-table.ts";
import type { FileBooks } from "./file-books.ts";
import type { HashKey } from "./half-sip-hash.ts";
import { genesisHead, type Journal } from "./journal.ts";
import { headOf, openSegment } from "./segment-sums.ts";

/** What a file says of itself. */
export interface FileState {
  readonly identity: Uint8Array;
  readonly hash_key: Uint8Array;
  /** The last record that the tables show. */
  readonly projected_seq: number;
  /** The first record that may have changed an account since its page was saved. */
  readonly redo_seq: number;
  readonly entry_count: number;
}

/** Reads the one row of the table `state`. */
export function readState(database: DatabaseSync): FileState {
  return database.prepare("SELECT * FROM state").get() as unknown as FileState;
}

/**
 * Fills the books from a file: its saved pages of accounts, open holds and index of ids; then the journal after them, whose
 * segments are checked and linked. What the tables show already is only redone to the accounts; the rest is the tail.
 * @throws LedgerDamagedError naming the first place in the order where the file does not fit together.
 */
export function recover(database: DatabaseSync, path: string, books: FileBooks, journal: Journal): void {
  const state = readState(database);
  loadAccounts(database, path, books);
  loadHolds(database, books);
  loadIds(database, path, books, state.projected_seq);

  const from = Math.min(state.redo_seq, state.projected_seq + 1);
  let { nextSeq, head } = startOfChain(database, path, state, from);
  books.resume(state.projected_seq, state.entry_count);
  const segments = database.prepare("SELECT first_seq, body FROM segment WHERE first_seq >= ? ORDER BY first_seq");
  for (const row of segments.iterate(nextSeq)) {
    const body = row["body"] as Uint8Array;
    const header = openSegment(body);
    if (typeof header === "string") throw new LedgerDamagedError(path, nextSeq, header);
    const isNext = header.firstSeq === nextSeq && row["first_seq"] === nextSeq;
    if (!isNext) throw new LedgerDamagedError(path, nextSeq, `the next segment begins at ${header.firstSeq}`);
    if (header.previousHead !== head) throw new LedgerDamagedError(path, nextSeq, NOT_LINKED);
    try {
      for (const reader of recordReaders(body)) {
        if (nextSeq > state.projected_seq)
          books.retake(readRecord(reader, nextSeq, (number) => books.accounts.identity(number)));
        else {
          for (const { number, state: account, latest } of readAfterImages(reader)) {
            books.accounts.set(number, account, latest);
            const page = Math.floor(number / ACCOUNTS_PER_PAGE);
            if (!books.dirtyPages.has(page)) books.dirtyPages.set(page, nextSeq);
          }
        }
        nextSeq += 1;
      }
    } catch (error) {
      throw new LedgerDamagedError(path, nextSeq, String(error), { cause: error });
    }
    if (nextSeq !== header.firstSeq + header.recordCount) {
      throw new LedgerDamagedError(path, header.firstSeq, `a segment says ${header.recordCount} records`);
    }
    head = headOf(body);
  }
  if (nextSeq <= state.projected_seq) {
    throw new LedgerDamagedError(path, nextSeq, `the journal ends, but the tables go on to ${state.projected_seq}`);
  }
  journal.resume(nextSeq, head);
  if (nextSeq > 1) books.tick(journal.record(nextSeq - 1, (number) => books.accounts.identity(number)).atMs);
}

/** What a segment is that was changed, or that follows one that was. */
export const NOT_LINKED = "a segment does not link to the one before it";

/** The first segment that has to be read, and the head of the one before it. */
function startOfChain(
  database: DatabaseSync,
  path: string,
  state: FileState,
  seq: number,
): { readonly nextSeq: number; readonly head: string } {
  const find = database.prepare(
    "SELECT first_seq, body FROM segment WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 2",
  );
  const [last, before] = find.all(seq) as { readonly first_seq: number; readonly body: Uint8Array }[];
  if (last === undefined) return { nextSeq: 1, head: genesisHead(state.identity) };
  const header = openSegment(last.body);
  if (typeof header === "string") throw new LedgerDamagedError(path, last.first_seq, header);
  // Where everything is in the tables, only the end of the chain is wanted.
  if (seq >= header.firstSeq + header.recordCount) {
    return { nextSeq: header.firstSeq + header.recordCount, head: headOf(last.body) };
  }
  return { nextSeq: last.first_seq, head: before === undefined ? genesisHead(state.identity) : headOf(before.body) };
}

function loadAccounts(database: DatabaseSync, path: string, books: FileBooks): void {
  const accounts = database.prepare("SELECT number, name AS account, currency, kind FROM account ORDER BY number");
  for (const row of accounts.iterate()) {
    const { number, ...identity } = row as unknown as AccountIdentity & { readonly number: number };
    if (number !== books.accounts.count) {
      throw new LedgerDamagedError(path, 0, `account ${books.accounts.count} is missing`);
    }
    books.accounts.add(identity);
  }
  for (const row of database.prepare("SELECT page, body FROM account_page ORDER BY page").iterate()) {
    const { page, body } = row as unknown as { readonly page: number; readonly body: Uint8Array };
    if (page >= books.accounts.pageCount || body.length !== books.accounts.page(page).length) {
      throw new LedgerDamagedError(path, 0, `page ${page} of accounts is ${body.length} bytes`);
    }
    books.accounts.page(page).set(body);
  }
}

function loadHolds(database: DatabaseSync, books: FileBooks): void {
  for (const row of database.prepare("SELECT hold FROM open_hold ORDER BY seq").iterate()) {
    books.holds.take(holdOf(row["hold"] as string));
  }
  books.holds.commit();
}

function loadIds(database: DatabaseSync, path: string, books: FileBooks, lastSeq: number): void {
  let seq = 1;
  for (const row of database.prepare("SELECT first_seq, hashes FROM id_run ORDER BY first_seq").iterate()) {
    const { first_seq: firstSeq, hashes } = row as unknown as {
      readonly first_seq: number;
      readonly hashes: Uint8Array;
    };
    if (firstSeq !== seq) throw new LedgerDamagedError(path, seq, "the index of ids has a gap");
    const halves = new Uint32Array(hashes.buffer.slice(hashes.byteOffset, hashes.byteOffset + hashes.length));
    for (let at = 0; at < halves.length; at += 2, seq += 1) books.ids.add(halves[at]!, halves[at + 1]!, seq);
  }
  if (seq !== lastSeq + 1) throw new LedgerDamagedError(path, seq, `the index of ids ends before ${lastSeq}`);
}

/** The secret that the file's ids are hashed with. */
export function hashKeyOf({ hash_key: bytes }: FileState): HashKey {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return [key.readUInt32LE(0), key.readUInt32LE(4)];
}
