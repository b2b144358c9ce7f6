import type { Account, AccountKind, AccountProfile, Command, Done, Hold, Side } from "@tallyline/ledger";
import type { AccountIdentity, AccountState } from "@tallyline/ledger/journal";

/** What of an account never changes. */
export interface AccountFacts extends AccountIdentity {
  /** 0 for the first account opened, and so on without a gap. */
  readonly number: number;
  readonly openedSeq: number;
  readonly profile: AccountProfile;
}

/** An account as the table `balance` has it. */
export interface Balance {
  readonly number: number;
  readonly state: AccountState;
  /** The position of its latest entry; 0 for none. */
  readonly latest: number;
}

/** A row of `segment`. */
export interface SegmentRow {
  readonly firstSeq: number;
  readonly body: Uint8Array;
}

/** The one row of `journal_head`. */
export interface HeadRow {
  readonly seq: number;
  readonly head: string;
  readonly clockMs: number;
  readonly entryCount: number;
  readonly accountCount: number;
  /** The database's clock when it was read, in milliseconds since 1970. */
  readonly databaseMs: number;
}

/** A row of `command`. */
export interface CommandRow {
  readonly seq: number;
  readonly segment: number;
  readonly atMs: number;
  readonly principal: string;
  readonly id: string;
  readonly verb: Command["verb"];
  readonly refusal: string | null;
  readonly memo: string | null;
  readonly ref: string | null;
}

/** A row of `entry`. */
export interface EntryRow {
  readonly account: number;
  readonly version: number;
  readonly position: number;
  readonly seq: number;
  readonly side: Side;
  readonly amountMinor: bigint;
  readonly balanceMinor: bigint;
}

/** A row of `account_change`. */
export interface ChangeRow extends Pick<Account, "status" | "minBalanceMinor" | "maxBalanceMinor"> {
  readonly seq: number;
  readonly account: number;
}

type Columns = readonly unknown[];

export function readFacts(columns: Columns): AccountFacts {
  const [number, account, currency, kind, owner, metadata, openedSeq] = columns as (string | null)[];
  const profile: AccountProfile = {
    ...(owner !== null && { owner: owner! }),
    ...(metadata !== null && { metadata: JSON.parse(metadata!) as Record<string, string> }),
  };
  const identity = { account: account!, currency: currency!, kind: kind as AccountKind };
  return { number: Number(number), ...identity, openedSeq: Number(openedSeq), profile };
}

export function readBalance(columns: Columns): Balance {
  const [number, status, least, greatest, debits, credits, heldDebits, heldCredits, version, latest] =
    columns as string[];
  const state = {
    status: status as Account["status"],
    minBalanceMinor: minorOrNull(least),
    maxBalanceMinor: minorOrNull(greatest),
    debitsMinor: BigInt(debits!),
    creditsMinor: BigInt(credits!),
    heldDebitsMinor: BigInt(heldDebits!),
    heldCreditsMinor: BigInt(heldCredits!),
    version: Number(version),
  };
  return { number: Number(number), state, latest: Number(latest) };
}

export function readHead(columns: Columns): HeadRow {
  const [seq, head, clockMs, entryCount, accountCount, databaseMs] = columns as string[];
  return {
    seq: Number(seq),
    head: head!,
    clockMs: Number(clockMs),
    entryCount: Number(entryCount),
    accountCount: Number(accountCount),
    databaseMs: Number(databaseMs),
  };
}

export function readHold(columns: Columns): Hold {
  const [seq, principal, id, from, to, amount, left, expiresAtMs, state] = columns as (string | null)[];
  return {
    seq: Number(seq),
    principal: principal!,
    id: id!,
    from: from!,
    to: to!,
    amountMinor: BigInt(amount!),
    leftMinor: BigInt(left!),
    expiresAtMs: expiresAtMs === null ? null : Number(expiresAtMs),
    state: state as Hold["state"],
  };
}

/** A value of a column. */
export type Value = string | number | bigint | null;

// The columns of each table, in the order in which statements name them.

export function commandColumns(row: CommandRow): readonly Value[] {
  return [row.seq, row.segment, row.atMs, row.principal, row.id, row.verb, row.refusal, row.memo, row.ref];
}

export function entryColumns(row: EntryRow): readonly Value[] {
  const side = row.side === "debit" ? "D" : "C";
  return [row.account, row.version, row.position, row.seq, side, row.amountMinor, row.balanceMinor];
}

export function segmentColumns({ firstSeq, body }: SegmentRow): readonly (Value | Uint8Array)[] {
  return [firstSeq, body];
}

export function factsColumns({ number, account, currency, kind, profile, openedSeq }: AccountFacts): readonly Value[] {
  return [number, account, currency, kind, profile.owner ?? null, metadataText(profile), openedSeq];
}

export function balanceColumns({ number, state, latest }: Balance): readonly Value[] {
  const { status, minBalanceMinor, maxBalanceMinor, debitsMinor, creditsMinor, version } = state;
  const limits = [status, minBalanceMinor, maxBalanceMinor];
  const sums = [debitsMinor, creditsMinor, state.heldDebitsMinor, state.heldCreditsMinor].map(String); // of any length
  return [number, ...limits, ...sums, version, latest];
}

export function sumColumns({ number, state, latest }: Balance): readonly Value[] {
  return [number, state.debitsMinor, state.creditsMinor, state.version, latest];
}

export function changeColumns(row: ChangeRow): readonly Value[] {
  return [row.seq, row.account, row.status, row.minBalanceMinor, row.maxBalanceMinor];
}

export function holdColumns(hold: Hold): readonly Value[] {
  const { seq, principal, id, from, to, amountMinor, leftMinor, expiresAtMs, state } = hold;
  return [seq, principal, id, from, to, amountMinor, leftMinor, expiresAtMs, state];
}

/** What an account was opened with, in the column `metadata`. */
function metadataText({ metadata }: AccountProfile): string | null {
  if (metadata === undefined) return null;
  return JSON.stringify(
    Object.fromEntries(Object.entries(metadata).toSorted(([name], [other]) => (name < other ? -1 : 1))),
  );
}

/** The row of what a command changed about an account besides its entries; undefined when it did not. */
export function changeRow(command: Command, done: Done, numberOf: (name: string) => number): ChangeRow | undefined {
  switch (command.verb) {
    case "open":
    case "limit":
    case "freeze":
    case "unfreeze":
    case "close": {
      const { account, status, minBalanceMinor, maxBalanceMinor } = done.accounts[0]!;
      return { seq: done.seq, account: numberOf(account), status, minBalanceMinor, maxBalanceMinor };
    }
    default:
      return undefined;
  }
}

function minorOrNull(text: string | null | undefined): bigint | null {
  return text === null || text === undefined ? null : BigInt(text);
}
