import type { Changes } from "./batch-books.ts";
import type { Answered, Connection } from "./connection.ts";
import {
  balanceColumns,
  changeColumns,
  commandColumns,
  entryColumns,
  factsColumns,
  holdColumns,
  sumColumns,
  type HeadRow,
  type Value,
} from "./rows.ts";
import { arrayOf, type Statements } from "./statements.ts";

/**
 * Writes what a segment adds to the tables, then the segment and the head, in one flight within a transaction.
 * @returns one promise a statement; where one rejects, the transaction is void.
 */
export function writeChanges(
  connection: Connection,
  sql: Statements,
  changes: Changes,
  { segment, head }: { readonly segment: Uint8Array; readonly head: HeadRow },
): Promise<Answered>[] {
  const sent: Promise<Answered>[] = [];
  const send = (statement: Statements[keyof Statements], rows: readonly (readonly Value[])[]) => {
    const [first] = rows;
    const columns = first?.map((_, column) => arrayOf(rows.map((row) => row[column]!)));
    if (columns !== undefined) sent.push(connection.run(statement, columns));
  };
  const opened = new Set(changes.opened.map(({ number }) => number));
  const balances = [...changes.balances.values()];

  send(sql.addCommands, changes.commands.map(commandColumns));
  send(sql.addEntries, changes.entries.map(entryColumns));
  send(sql.addAccounts, changes.opened.map(factsColumns));
  send(sql.addBalances, balances.filter(({ number }) => opened.has(number)).map(balanceColumns));
  const known = balances.filter(({ number }) => !opened.has(number));
  send(sql.setBalances, known.filter(({ number }) => changes.changedBesides.has(number)).map(balanceColumns));
  send(sql.setSums, known.filter(({ number }) => !changes.changedBesides.has(number)).map(sumColumns));
  send(sql.addChanges, changes.accountChanges.map(changeColumns));
  send(sql.setHolds, [...changes.holds.values()].map(holdColumns));
  send(
    sql.addReversals,
    changes.reversals.map(({ reversedSeq, seq }) => [reversedSeq, seq]),
  );
  send(sql.addRefusals, [...changes.refusals]);
  sent.push(connection.run(sql.addSegment, [changes.commands[0]!.seq, segment]));
  const { seq, head: hash, clockMs, entryCount, accountCount } = head;
  sent.push(connection.run(sql.setHead, [seq, hash, clockMs, entryCount, accountCount]));
  return sent;
}
