import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Row } from "./table-rows.ts";

/** A call into SQLite costs nearly as much as a row; beyond so many rows a call nothing more is gained. */
const ROWS_PER_CALL = 16;

/** Inserts rows into a table, many with a call. */
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

  /** Inserts rows, in order. @param rowAt The row of an index, from 0. */
  run(count: number, rowAt: (index: number) => Row): void {
    const values = Array.from<SQLInputValue>({ length: ROWS_PER_CALL * this.#columnCount });
    let index = 0;
    while (index + ROWS_PER_CALL <= count) {
      for (let at = 0; at < values.length; index += 1) {
        const row = rowAt(index);
        for (let column = 0; column < row.length; column += 1) values[at++] = row[column]!;
      }
      this.#many.run(...values);
    }
    for (; index < count; index += 1) this.#one.run(...rowAt(index));
  }
}
