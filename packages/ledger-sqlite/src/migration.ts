import type { DatabaseSync } from "node:sqlite";
import { apply, commandOf, type Currency } from "@tallyline/ledger";
import { LedgerOpenError } from "./errors.ts";
import { FileBooks } from "./file-books.ts";
import { Journal } from "./journal.ts";
import { Projection, RECORDS_PER_PROJECTION } from "./projection.ts";
import { ReadModels } from "./read-models.ts";
import { hashKeyOf, readState } from "./recovery.ts";
import { SCHEMA } from "./schema.ts";

/** A row of layout 1, which had one for each record and no segments. */
interface Row {
  readonly seq: number;
  readonly principal: string;
  readonly id: string;
  readonly recorded_at_ms: number;
  readonly content: string;
  readonly code: string;
}

/**
 * Turns a file of layout 1 into one of layout 2, whole or not at all: decides its journal again, and writes what comes of
 * it as segments.
 * @throws LedgerOpenError `DAMAGED` where that is not what the file recorded; it is then left as it was.
 */
export function migrate(database: DatabaseSync, path: string): void {
  try {
    database.exec(`BEGIN IMMEDIATE; ${RENAME} ${SCHEMA} ${COPY}`);
    const currencies = database.prepare("SELECT code, exponent FROM currency").all() as unknown as Currency[];
    const state = readState(database);
    const journal = new Journal(database, path, state.identity);
    const from = { journal, tables: new ReadModels(database), hashKey: hashKeyOf(state) };
    const books = new FileBooks({ currencies, maxRefusalsPerPrincipal: 1e9 }, from);
    const projection = new Projection(database, books);
    const save = () => {
      const firstSeq = journal.firstSeq;
      journal.committed(journal.write());
      books.commit(firstSeq);
      projection.write()();
    };
    for (const row of database.prepare("SELECT * FROM journal_1 ORDER BY seq").iterate()) {
      retake(books, row as unknown as Row, path);
      if (journal.recordCount === RECORDS_PER_PROJECTION) save();
    }
    if (journal.recordCount > 0) save();
    database.exec("DROP TABLE posting_1; DROP TABLE journal_1; DROP TABLE currency_1; COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function retake(books: FileBooks, row: Row, path: string): void {
  const { seq, principal, id, code, recorded_at_ms: atMs } = row;
  const expectedSeq = books.nextSeq;
  let answer = "nothing to record";
  try {
    const command = commandOf(row.content, { principal, id });
    const { result, record } = apply(books, command, books.tick(atMs));
    if (record !== undefined) {
      books.take(command, record, atMs);
      answer = result.ok ? "OK" : result.code;
    }
  } catch (error) {
    answer = error instanceof Error ? error.message : String(error);
  }
  if (seq === expectedSeq && answer === code) return;
  const explanation = `is damaged: journal entry ${seq} says ${code}, but deciding entry ${expectedSeq} again gives ${answer}`;
  throw new LedgerOpenError("DAMAGED", path, explanation);
}

const RENAME = `
DROP VIEW balance;
DROP TRIGGER journal_is_not_updated; DROP TRIGGER journal_is_not_deleted;
DROP TRIGGER posting_is_not_updated; DROP TRIGGER posting_is_not_deleted;
ALTER TABLE journal RENAME TO journal_1;
ALTER TABLE posting RENAME TO posting_1;
ALTER TABLE currency RENAME TO currency_1;
`;
const COPY = "INSERT INTO currency (code, exponent) SELECT code, exponent FROM currency_1 ORDER BY rowid;";
