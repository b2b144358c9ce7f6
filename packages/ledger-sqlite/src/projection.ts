import type { DatabaseSync, StatementSync } from "node:sqlite";
import { textOfHold } from "@tallyline/ledger/journal";
import { BulkInsert } from "./bulk-insert.ts";
import type { FileBooks } from "./file-books.ts";
import { VERSIONS_PER_MARK } from "./read-models.ts";
import { fillCommandRow, fillEntryRow } from "./table-rows.ts";
import type { RareEffects } from "./tail.ts";

/** After so many records the tables are brought up to the journal's end. */
export const RECORDS_PER_PROJECTION = 4096;

/**
 * Opening a file redoes what the saved pages of accounts do not show yet: at most so many records, or as many as there are
 * accounts, so that saving an account costs its record no more than 88 bytes.
 */
const RECORDS_TO_REDO = 131_072;

/** Brings the tables up to the end of the journal, in one transaction. */
export class Projection {
  readonly #database: DatabaseSync;
  readonly #books: FileBooks;
  readonly #account: StatementSync;
  readonly #accountChange: StatementSync;
  readonly #commands: BulkInsert;
  readonly #entries: BulkInsert;
  readonly #mark: StatementSync;
  readonly #openHold: StatementSync;
  readonly #closeHold: StatementSync;
  readonly #endedHold: StatementSync;
  readonly #reversal: StatementSync;
  readonly #refusalCount: StatementSync;
  readonly #idRun: StatementSync;
  readonly #page: StatementSync;
  readonly #state: StatementSync;

  constructor(database: DatabaseSync, books: FileBooks) {
    this.#database = database;
    this.#books = books;
    this.#account = database.prepare("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#accountChange = database.prepare("INSERT INTO account_change VALUES (?, ?, ?, ?, ?)");
    this.#commands = new BulkInsert(database, "command", 8);
    this.#entries = new BulkInsert(database, "entry", 8);
    this.#mark = database.prepare("INSERT INTO entry_mark VALUES (?, ?, ?)");
    this.#openHold = database.prepare("INSERT OR REPLACE INTO open_hold VALUES (?, ?)");
    this.#closeHold = database.prepare("DELETE FROM open_hold WHERE seq = ?");
    this.#endedHold = database.prepare("INSERT INTO ended_hold VALUES (?, ?)");
    this.#reversal = database.prepare("INSERT INTO reversal VALUES (?, ?)");
    this.#refusalCount = database.prepare(
      "INSERT INTO refusal_count VALUES (?, ?) ON CONFLICT (principal) DO UPDATE SET count = count + excluded.count",
    );
    this.#idRun = database.prepare("INSERT INTO id_run VALUES (?, ?)");
    this.#page = database.prepare("INSERT OR REPLACE INTO account_page VALUES (?, ?)");
    this.#state = database.prepare("UPDATE state SET projected_seq = ?, redo_seq = ?, entry_count = ?");
  }

  /** All of the tail must be committed. @throws what SQLite does; then the caller rolls back, and nothing has changed. */
  run(): void {
    this.#database.exec("BEGIN IMMEDIATE");
    const finish = this.write();
    this.#database.exec("COMMIT");
    finish();
  }

  /** Writes, within a transaction. @returns what there is to do once it is committed. */
  write(): () => void {
    const { tail } = this.#books;
    const firstSeq = this.#books.nextSeq - tail.count;
    const lastSeq = this.#books.nextSeq - 1;
    this.#commands.run(tail.count, (index, values, at) => fillCommandRow(tail.records[index]!, values, at));
    this.#writeEntries();
    for (const { rare } of tail.records) if (rare !== undefined) this.#writeRare(rare);
    for (const [seq, { endedSeq }] of tail.endedHolds) {
      this.#closeHold.run(seq);
      this.#endedHold.run(seq, endedSeq);
    }
    for (const [reversedSeq, seq] of tail.reversed) this.#reversal.run(reversedSeq, seq);
    for (const [principal, count] of tail.refusals) this.#refusalCount.run(principal, count);
    this.#idRun.run(firstSeq, this.#books.tailHashes());
    const saved = this.#savePages(tail.count, lastSeq);
    const [redoSeq = lastSeq + 1] = [...this.#books.dirtyPages]
      .filter(([page]) => !saved.has(page))
      .map(([, seq]) => seq);
    this.#state.run(lastSeq, redoSeq, this.#books.entryCount);
    return () => {
      for (const page of saved) this.#books.dirtyPages.delete(page);
      this.#books.projected();
    };
  }

  #writeEntries(): void {
    const { entries } = this.#books.tail;
    this.#entries.run(entries.end - entries.first, (index, values, at) => {
      const entry = entries.get(entries.first + index);
      const { account, version, position } = entry;
      if (version % VERSIONS_PER_MARK === 0) this.#mark.run(account, version, position);
      fillEntryRow(entry, values, at);
    });
  }

  #writeRare({ opened, changed, hold }: RareEffects): void {
    if (hold?.state === "held") this.#openHold.run(hold.seq, textOfHold(hold));
    if (opened !== undefined) this.#account.run(...opened);
    if (changed !== undefined) this.#accountChange.run(...changed);
  }

  /** Saves pages of accounts in turn, those that have been different for longest first. */
  #savePages(recordCount: number, lastSeq: number): Set<number> {
    const { accounts, dirtyPages } = this.#books;
    const redoMax = Math.max(RECORDS_TO_REDO, accounts.count);
    const share = Math.ceil((accounts.pageCount * recordCount) / redoMax);
    const saved = new Set<number>();
    for (const [page, sinceSeq] of dirtyPages) {
      if (saved.size >= share && sinceSeq > lastSeq - redoMax) break;
      saved.add(page);
    }
    for (const page of saved) this.#page.run(page, accounts.page(page));
    return saved;
  }
}
