/** One column: what stands above it, and what of a row stands in it. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** For numbers. */
  readonly isRight?: boolean;
}

/** Rows under their titles, as wide as their texts; columns without any text are left out. */
export function textTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const filled = columns
    .map((column) => ({ ...column, cells: rows.map((row) => visible(column.text(row))) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const lines = [-1, ...rows.keys()].map((index) =>
    filled
      .map(({ title, cells, isRight }) => {
        const width = Math.max(title.length, ...cells.map((cell) => cell.length));
        const cell = index < 0 ? title : cells[index]!;
        return isRight === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

/** What other customers wrote must not command the terminal. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
