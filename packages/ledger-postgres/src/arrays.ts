import type { Value } from "./rows.ts";

/** An array as a parameter: of integers and bytes in PostgreSQL's binary form, as `BIGINT[]` and `BYTEA[]`; else as text. */
export type ArrayParameter = Uint8Array | string;

type Element = Value | Uint8Array;

/**
 * Rows as one array a column, for `unnest` of them all. A column without any value is an empty array: `unnest` fills it up
 * with NULL.
 */
export function arraysOf<Row>(rows: readonly Row[], columnsOf: (row: Row) => readonly Element[]): ArrayParameter[] {
  const values = rows.map(columnsOf);
  return values[0]!.map((_, column) => columnOf(values, column));
}

/** Values of one type as an array. */
export function arrayOf(values: readonly Element[]): ArrayParameter {
  return columnOf(
    values.map((value) => [value]),
    0,
  );
}

type Rows = readonly (readonly Element[])[];

function columnOf(rows: Rows, column: number): ArrayParameter {
  for (const row of rows) {
    const value = row[column];
    if (typeof value === "string") return textsOf(rows, column);
    if (value !== null) return binaryOf(rows, column, value instanceof Uint8Array ? BYTEA : INT8);
  }
  return "{}";
}

function textsOf(rows: Rows, column: number): string {
  let text = "";
  for (const row of rows) text += `${text === "" ? "{" : ","}${elementOf(row[column]!)}`;
  return `${text}}`;
}

function elementOf(value: Element): string {
  if (typeof value !== "string") return "NULL";
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : `"${value}"`;
}

// Types' numbers in pg_type.
const INT8 = 20;
const BYTEA = 17;
const HEADER_BYTES = 20;
const TWO_TO_32 = 2 ** 32;

/** What `array_recv` reads: dimensions, whether there are NULLs, the type, length, first index; then elements with lengths. */
function binaryOf(rows: Rows, column: number, type: number): Uint8Array {
  let byteCount = HEADER_BYTES + 12 * rows.length;
  if (type === BYTEA) for (const row of rows) byteCount += (row[column] as Uint8Array).length;
  const bytes = Buffer.allocUnsafe(byteCount);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  [1, 1, type, rows.length, 1].forEach((each, index) => view.setInt32(4 * index, each));
  let at = HEADER_BYTES;
  for (const row of rows) {
    const value = row[column] as Exclude<Element, string>;
    const length = value === null ? -1 : value instanceof Uint8Array ? value.length : 8;
    view.setInt32(at, length);
    at += 4;
    if (typeof value === "number") {
      view.setInt32(at, Math.floor(value / TWO_TO_32));
      view.setUint32(at + 4, value % TWO_TO_32);
    } else if (typeof value === "bigint") {
      view.setBigInt64(at, value);
    } else if (value !== null) {
      bytes.set(value, at);
    }
    if (length > 0) at += length;
  }
  return bytes.subarray(0, at);
}
