import type { Changes } from "./batch-books.ts";
import type { Answered, Connection, Statement } from "./connection.ts";
import {
  balanceColumns,
  changeColumns,
  commandColumns,
  entryColumns,
  factsColumns,
  holdColumns,
  sumColumns,
  type Balance,
  type HeadRow,
  type Value,
} from "./rows.ts";
import { arraysOf, type Statements } from "./statements.ts";

/** What a segment adds, and the segment itself. */
export interface Written {
  readonly changes: Changes;
  readonly segment: Uint8Array;
  /** The journal's head after it. */
  readonly head: HeadRow;
}

/**
 * Writes what a segment adds to the tables, in one flight within a transaction: balances that were there before, in the
 * order of accounts; then the head; then what is new.
 * @returns one promise a statement, that of the head first: it answers with the database's clock, or without a row where the
 *   head was not where the segment begins. Where one rejects, the transaction is void.
 */
export function writeChanges(
  connection: Connection,
  sql: Statements,
  { changes, segment, head }: Written,
): readonly [Promise<Answered>, ...Promise<Answered>[]] {
  const send = <Row>(statement: Statement, rows: readonly Row[], columnsOf: (row: Row) => readonly Value[]) =>
    rows.length === 0 ? [] : [connection.run(statement, arraysOf(rows.map(columnsOf)))];
  const opened = new Set(changes.opened.map(({ number }) => number));
  const balances = [...changes.balances.values()];
  const known = opened.size === 0 ? balances : balances.filter(({ number }) => !opened.has(number));
  const isOnlySums = known.every(({ number }) => !changes.changedBesides.has(number));
  const firstSeq = changes.commands[0]!.seq;
  const { seq, head: hash, clockMs, entryCount, accountCount } = head;

  const set = isOnlySums ? send(sql.setSums, known, sumColumns) : send(sql.setBalances, known, balanceColumns);
  return [
    connection.run(sql.setHead, [seq, hash, clockMs, entryCount, accountCount, firstSeq - 1]),
    ...set,
    connection.run(sql.addSegment, [firstSeq, segment]),
    ...send(sql.addCommands, changes.commands, commandColumns),
    ...send(sql.addEntries, changes.entries, entryColumns),
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
