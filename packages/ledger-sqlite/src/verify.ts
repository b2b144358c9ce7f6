import { setImmediate as nextTurn } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
import { apply, type Currency, type Head, type Verification, type VerifyOptions } from "@tallyline/ledger";
import { readRecord, recordReaders } from "@tallyline/ledger/journal";
import { LedgerDamagedError } from "./errors.ts";
import { FileBooks } from "./file-books.ts";
import { genesisHead, Journal } from "./journal.ts";
import { openToRead } from "./ledger-file.ts";
import { ReadModels } from "./read-models.ts";
import { hashKeyOf, NOT_LINKED, readState, recover, type FileState } from "./recovery.ts";
import { headOf, openSegment } from "./segment-sums.ts";
import { TableCheck } from "./table-check.ts";

/** Records between two turns of the event loop. */
const RECORDS_PER_TURN = 1024;

/**
 * Recomputes a ledger's file from its journal, beside the process that may be using it: every segment's checksum and link,
 * every command decided again, which must come to the same bytes; every row of the tables; and what opening the file would
 * make of it, account by account. It reads one moment of the file, and takes the memory of a ledger that is open.
 *
 * @throws LedgerOpenError where the file is no ledger of this layout.
 */
export async function verifyLedgerFile(path: string, { onProgress }: VerifyOptions = {}): Promise<Verification> {
  const database = openToRead(path);
  try {
    database.exec("BEGIN");
    return await new Verifier(database, path).run(onProgress);
  } catch (error) {
    if (!(error instanceof LedgerDamagedError)) throw error;
    return { ok: false, seq: error.seq, what: error.explanation };
  } finally {
    database.close();
  }
}

/** Where the journal in a file ends. */
export function headInFile(database: DatabaseSync): Head {
  const last = database.prepare("SELECT body FROM segment ORDER BY first_seq DESC LIMIT 1").get();
  if (last === undefined) return { seq: 0, head: genesisHead(readState(database).identity) };
  const body = last["body"] as Uint8Array;
  const header = openSegment(body);
  return { seq: typeof header === "string" ? 0 : header.firstSeq + header.recordCount - 1, head: headOf(body) };
}

/** The tables as they were before a place in the order: what they know of later is not there yet. */
class TablesBefore extends ReadModels {
  readonly #before: () => number;

  constructor(database: DatabaseSync, before: () => number) {
    super(database);
    this.#before = before;
  }

  override holdEnd(seq: number): number | undefined {
    return this.#earlier(super.holdEnd(seq));
  }

  override reversedBy(seq: number): number | undefined {
    return this.#earlier(super.reversedBy(seq));
  }

  /** A refusal that is recorded was one of those that may be. */
  override refusalCount(): number {
    return 0;
  }

  #earlier(seq: number | undefined): number | undefined {
    return seq !== undefined && seq < this.#before() ? seq : undefined;
  }
}

class Verifier {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #state: FileState;
  readonly #journal: Journal;
  readonly #books: FileBooks;
  readonly #tables: TableCheck;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#state = readState(database);
    this.#journal = new Journal(database, path, this.#state.identity);
    this.#books = this.#emptyBooks(this.#journal, new TablesBefore(database, () => this.#books.nextSeq));
    this.#tables = new TableCheck(database, this.#books, this.#state.projected_seq);
  }

  async run(onProgress: VerifyOptions["onProgress"]): Promise<Verification> {
    const { seq: lastSeq } = headInFile(this.#database);
    const segments = this.#database.prepare("SELECT body FROM segment ORDER BY first_seq");
    let sinceTurn = 0;
    for (const row of segments.iterate()) {
      sinceTurn += this.#checkSegment(row["body"] as Uint8Array);
      if (sinceTurn < RECORDS_PER_TURN) continue;
      sinceTurn = 0;
      onProgress?.({ seq: this.#books.nextSeq - 1, lastSeq });
      await nextTurn();
    }
    const fault = this.#tables.findRest();
    if (fault !== undefined) throw this.#damage(this.#books.nextSeq, fault);
    this.#checkRecovery();
    onProgress?.({ seq: lastSeq, lastSeq });
    return { ok: true, seq: this.#books.nextSeq - 1, head: this.#journal.head };
  }

  /** @returns how many records it has. */
  #checkSegment(body: Uint8Array): number {
    const { firstSeq, head } = this.#journal;
    const header = openSegment(body);
    if (typeof header === "string") throw this.#damage(firstSeq, header);
    if (header.firstSeq !== firstSeq) throw this.#damage(firstSeq, `the next segment begins at ${header.firstSeq}`);
    if (header.previousHead !== head) throw this.#damage(firstSeq, NOT_LINKED);
    this.#decideAgain(body);
    if (this.#journal.recordCount !== header.recordCount) {
      throw this.#damage(firstSeq, `a segment says ${header.recordCount} records`);
    }
    const different = this.#journal.firstDifference(body);
    if (different !== undefined) throw this.#damage(different, "deciding it again does not come to what was recorded");
    for (let seq = firstSeq; seq < this.#books.nextSeq; seq += 1) {
      const fault = this.#tables.find(this.#books.tail.record(seq)!);
      if (fault !== undefined) throw this.#damage(seq, fault);
    }
    this.#journal.committed(headOf(body));
    this.#books.commit(firstSeq);
    // As after a projection: the file's tables, as they were by then, take the tail's place.
    if (this.#books.nextSeq <= this.#state.projected_seq + 1) this.#books.projected();
    return header.recordCount;
  }

  #decideAgain(body: Uint8Array): void {
    try {
      for (const reader of recordReaders(body)) {
        const { command, atMs } = readRecord(reader, this.#books.nextSeq, (number) =>
          this.#books.accounts.identity(number),
        );
        const due = command.verb === "expire" ? undefined : this.#books.dueHold(atMs);
        if (due !== undefined) throw new Error(`hold ${due} should have expired before`);
        const { record, result } = apply(this.#books, command, this.#books.tick(atMs));
        if (record === undefined)
          throw new Error(`deciding it again records nothing: ${result.ok ? "OK" : result.code}`);
        this.#books.take(command, record, atMs);
      }
    } catch (error) {
      throw this.#damage(this.#books.nextSeq, error instanceof Error ? error.message : String(error));
    }
  }

  /** Opens the file as a ledger would, and compares every account and every open hold. */
  #checkRecovery(): void {
    const journal = new Journal(this.#database, this.#path, this.#state.identity);
    const opened = this.#emptyBooks(journal, new ReadModels(this.#database));
    recover(this.#database, this.#path, opened, journal);
    const fault = this.#tables.findDifference(opened);
    if (fault !== undefined) throw this.#damage(this.#books.nextSeq - 1, fault);
  }

  #emptyBooks(journal: Journal, tables: ReadModels): FileBooks {
    const currencies = this.#database
      .prepare("SELECT code, exponent FROM currency ORDER BY number")
      .all() as unknown as Currency[];
    const from = { journal, tables, hashKey: hashKeyOf(this.#state) };
    return new FileBooks({ currencies, maxRefusalsPerPrincipal: 1e9 }, from);
  }

  #damage(seq: number, what: string): LedgerDamagedError {
    return new LedgerDamagedError(this.#path, seq, what);
  }
}
