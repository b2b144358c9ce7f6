import { arraysOf } from "./arrays.ts";
import type { Changes } from "./batch-books.ts";
import type { Answered, Connection, Statement } from "./connection.ts";
import {
  balanceColumns,
  changeColumns,
  commandColumns,
  entryColumns,
  factsColumns,
  holdColumns,
  segmentColumns,
  sumColumns,
  type Balance,
  type HeadRow,
  type SegmentRow,
  type Value,
} from "./rows.ts";
import type { Statements } from "./statements.ts";

const INT8_MAX = 2n ** 63n - 1n;

/** Segments, and what they add. */
export interface Written {
  readonly segments: readonly [SegmentRow, ...SegmentRow[]];
  readonly changes: Changes;
  /** The journal's head after them. */
  readonly head: HeadRow;
}

/**
 * Writes segments and what they add to the tables, in one flight within a transaction: balances that were there before, in
 * the order of accounts; then the head, and what is new.
 * @returns one promise a statement, that of the head first: it answers with the database's clock, or without a row where the
 *   head was not where the segments begin. Where one rejects, the transaction is void.
 */
export function writeChanges(
  connection: Connection,
  sql: Statements,
  { segments, changes, head }: Written,
): readonly [Promise<Answered>, ...Promise<Answered>[]] {
  const send = <Row>(statement: Statement, rows: readonly Row[], columnsOf: (row: Row) => readonly Value[]) =>
    rows.length === 0 ? [] : [connection.run(statement, arraysOf(rows, columnsOf))];
  const opened = new Set(changes.opened.map(({ number }) => number));
  const balances = [...changes.balances.values()];
  const known = opened.size === 0 ? balances : balances.filter(({ number }) => !opened.has(number));
  const isOnlySums = known.every(
    ({ number, state }) =>
      !changes.changedBesides.has(number) && state.debitsMinor <= INT8_MAX && state.creditsMinor <= INT8_MAX,
  );

  const set = isOnlySums ? send(sql.setSums, known, sumColumns) : send(sql.setBalances, known, balanceColumns);
  const { seq, head: hash, clockMs, entryCount, accountCount } = head;
  return [
    connection.run(sql.addSegments, [
      ...arraysOf(changes.commands, commandColumns),
      ...(changes.entries.length === 0 ? NO_ENTRIES : arraysOf(changes.entries, entryColumns)),
      ...arraysOf(segments, segmentColumns),
      seq,
      hash,
      clockMs,
      entryCount,
      accountCount,
      segments[0].firstSeq - 1,
    ]),
    ...set,
    ...send(sql.addAccounts, changes.opened, factsColumns),
    ...send(
      sql.addBalances,
      changes.opened.map(({ number }): Balance => changes.balances.get(number)!),
      balanceColumns,
    ),
    ...send(sql.addChanges, changes.accountChanges, changeColumns),
    ...send(sql.setHolds, [...changes.holds.values()], holdColumns),
    ...send(sql.addReversals, changes.reversals, ({ reversedSeq, seq: at }) => [reversedSeq, at]),
    ...send(sql.addRefusals, [...changes.refusals], (count) => count),
  ];
}

const NO_ENTRIES: readonly string[] = Array.from({ length: 7 }, () => "{}");
