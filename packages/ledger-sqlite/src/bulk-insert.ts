import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** A call into SQLite costs nearly as much as a row; beyond so many rows a call nothing more is gained. */
const ROWS_PER_CALL = 16;

/** Puts the columns of the row of an index into `values`, from `at` on. */
export type FillRow = (index: number, values: SQLInputValue[], at: number) => void;

/** Inserts rows into a table, many with a call, and without an array for each. */
export class BulkInsert {
  readonly #columnCount: number;
  readonly #one: StatementSync;
  readonly #many: StatementSync;

  constructor(database: DatabaseSync, table: string, columnCount: number) {
    const row = `(${Array.from({ length: columnCount }, () => "?").join(", ")})`;
    const rows = Array.from({ length: ROWS_PER_CALL }, () => row).join(", ");
    this.#columnCount = columnCount;
    this.#one = database.prepare(`INSERT INTO ${table} VALUES ${row}`);
    this.#many = database.prepare(`INSERT INTO ${table} VALUES ${rows}`);
  }

  /** Inserts the rows of the indexes from 0 to below a count, in order. */
  run(count: number, fillRow: FillRow): void {
    const values: SQLInputValue[] = Array.from({ length: ROWS_PER_CALL * this.#columnCount }, () => null);
    let index = 0;
    while (index + ROWS_PER_CALL <= count) {
      for (let at = 0; at < values.length; at += this.#columnCount) fillRow(index++, values, at);
      this.#many.run(...values);
    }
    values.length = this.#columnCount;
    for (; index < count; index += 1) {
      fillRow(index, values, 0);
      this.#one.run(...values);
    }
  }
}
