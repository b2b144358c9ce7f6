import {
  balanceMinor,
  checkRange,
  type AccountDetails,
  type AccountPage,
  type AccountRange,
  type Entry,
  type Head,
  type HoldPage,
  type HoldRange,
  type Statement,
  type StatementRange,
  type TrialBalance,
} from "@tallyline/ledger";
import type { Session } from "./batch-loader.ts";
import { readBalance, readFacts, readHead, readHold, type AccountFacts } from "./rows.ts";
import { arrayOf } from "./arrays.ts";

/** What each read asks of the tables, within a snapshot. */

export async function readAccounts(session: Session, { after, limit: asked }: AccountRange): Promise<AccountPage> {
  const last = after === undefined ? -1 : (await factsOf(session, after))?.number;
  if (last === undefined) throw new RangeError(`there is no account ${after} to list after`);
  const { limit } = checkRange("after", last + 1, asked);
  const { connection, sql } = session;
  const { rows } = await connection.run(sql.accountsAfter, [last, limit + 1]);
  const facts = rows.slice(0, limit).map(readFacts);
  const balances = await connection.run(sql.balances, [arrayOf(facts.map(({ number }) => number))]);
  const states = new Map(balances.rows.map(readBalance).map(({ number, state }) => [number, state]));
  const accounts = facts.map((each) => detailsOf(each, states.get(each.number)!));
  return { accounts, hasMore: rows.length > limit };
}

export async function readHolds(session: Session, name: string, range: HoldRange): Promise<HoldPage | undefined> {
  const { after, limit } = checkRange("afterSeq", range.afterSeq, range.limit);
  if ((await factsOf(session, name)) === undefined) return undefined;
  const { rows } = await session.connection.run(session.sql.holdsOf, [name, after, limit + 1]);
  return { holds: rows.slice(0, limit).map(readHold), hasMore: rows.length > limit };
}

export async function readStatement(
  session: Session,
  name: string,
  range: StatementRange,
): Promise<Statement | undefined> {
  const { after, limit } = checkRange("afterVersion", range.afterVersion, range.limit);
  const facts = await factsOf(session, name);
  if (facts === undefined) return undefined;
  const { connection, sql } = session;
  const balances = await connection.run(sql.balances, [arrayOf([facts.number])]);
  const account = detailsOf(facts, readBalance(balances.rows[0]!).state);
  // The entry before the first one shown is wanted too, for the opening balance.
  const { rows } = await connection.run(sql.statement, [facts.number, after, after + limit]);
  const entries = rows.map(readEntry);
  const shown = entries.filter(({ version }) => version > after);
  const isBeyond = after >= account.version;
  const before = isBeyond
    ? balanceMinor(account)
    : (entries.find(({ version }) => version === after)?.balanceMinor ?? 0n);
  const closingMinor = shown.at(-1)?.balanceMinor ?? before;
  return {
    account: name,
    openingMinor: before,
    entries: shown,
    closingMinor,
    hasMore: account.version > after + limit,
  };
}

export async function readTrialBalance({ connection, sql, currencies }: Session): Promise<TrialBalance[]> {
  const { rows } = await connection.run(sql.trialBalance);
  const sums = new Map((rows as readonly string[][]).map(([currency, ...sum]) => [currency!, sum.map(BigInt)]));
  return [...currencies].map((currency) => {
    const [debitsMinor = 0n, creditsMinor = 0n] = sums.get(currency) ?? [];
    return { currency, debitsMinor, creditsMinor };
  });
}

export async function readJournalHead({ connection, sql }: Session): Promise<Head> {
  const { seq, head } = readHead((await connection.run(sql.head)).rows[0]!);
  return { seq, head };
}

async function factsOf({ directory }: Session, name: string): Promise<AccountFacts | undefined> {
  return directory.named(name) ?? (await directory.byName([name]))[0];
}

function detailsOf(facts: AccountFacts, state: ReturnType<typeof readBalance>["state"]): AccountDetails {
  const { account, currency, kind, profile, openedSeq } = facts;
  return { account, currency, kind, ...state, ...profile, openedSeq };
}

function readEntry(columns: readonly unknown[]): Entry {
  const [version, seq, atMs, side, amount, balance, principal, id, memo, ref] = columns as (string | null)[];
  return {
    version: Number(version),
    seq: Number(seq),
    atMs: Number(atMs),
    side: side === "D" ? "debit" : "credit",
    amountMinor: BigInt(amount!),
    balanceMinor: BigInt(balance!),
    principal: principal!,
    id: id!,
    ...(memo !== null && { memo: memo! }),
    ...(ref !== null && { ref: ref! }),
  };
}
