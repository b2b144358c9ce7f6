import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AccountProfile } from "@tallyline/ledger";
import type { StoredEntry } from "./entry-list.ts";
import type { TailRecord } from "./tail.ts";

/** An entry of an account is findable at every so many versions; from there to any other it is a short walk. */
export const VERSIONS_PER_MARK = 64;

/** What an account was opened with, and where in the order. */
type Profile = AccountProfile & { readonly openedSeq: number };

/** Some 200 bytes each. */
const KEPT_PROFILES = 10_000;

/** Reads the tables that are made from the journal. They end where the tail begins. */
export class ReadModels {
  readonly #account: StatementSync;
  readonly #command: StatementSync;
  readonly #entry: StatementSync;
  readonly #mark: StatementSync;
  readonly #endedHold: StatementSync;
  readonly #reversal: StatementSync;
  readonly #refusalCount: StatementSync;
  readonly #profiles = new Map<number, Profile>();

  constructor(database: DatabaseSync) {
    this.#account = database.prepare("SELECT owner, metadata, opened_seq FROM account WHERE number = ?");
    this.#command = database.prepare("SELECT at_ms AS atMs, principal, id, memo, ref FROM command WHERE seq = ?");
    this.#entry = database.prepare("SELECT * FROM entry WHERE position = ?");
    this.#entry.setReadBigInts(true);
    this.#mark = database.prepare(
      "SELECT position FROM entry_mark WHERE account = ? AND version >= ? ORDER BY version LIMIT 1",
    );
    this.#endedHold = database.prepare("SELECT ended_seq FROM ended_hold WHERE seq = ?");
    this.#reversal = database.prepare("SELECT seq FROM reversal WHERE reversed_seq = ?");
    this.#refusalCount = database.prepare("SELECT count FROM refusal_count WHERE principal = ?");
  }

  /** What an account was opened with. It never changes, so some are kept: a bank asks for it with every balance. */
  profile(account: number): Profile {
    let profile = this.#profiles.get(account);
    if (profile !== undefined) return profile;
    if (this.#profiles.size >= KEPT_PROFILES) this.#profiles.clear();
    this.#profiles.set(account, (profile = this.#readProfile(account)));
    return profile;
  }

  #readProfile(account: number): Profile {
    const row = this.#account.get(account) as { owner: string | null; metadata: string | null; opened_seq: number };
    return profileOf(row.owner, row.metadata, row.opened_seq);
  }

  /** When a command was recorded, and what it said of itself. */
  command(seq: number): Pick<TailRecord, "atMs" | "principal" | "id" | "memo" | "ref"> {
    return this.#command.get(seq) as unknown as ReturnType<ReadModels["command"]>;
  }

  entry(position: number): StoredEntry {
    const row = this.#entry.get(position) as unknown as EntryRow;
    return {
      position,
      account: Number(row.account),
      version: Number(row.version),
      seq: Number(row.seq),
      side: row.side === "D" ? "debit" : "credit",
      amountMinor: row.amount_minor,
      balanceMinor: row.balance_minor,
      previous: Number(row.previous),
    };
  }

  /** The position of the first findable entry of an account at or after a version. */
  mark(account: number, version: number): number | undefined {
    return this.#mark.get(account, version)?.["position"] as number | undefined;
  }

  /** Where in the order a hold ended. */
  holdEnd(seq: number): number | undefined {
    return this.#endedHold.get(seq)?.["ended_seq"] as number | undefined;
  }

  /** Where in the order an entry was reversed. */
  reversedBy(seq: number): number | undefined {
    return this.#reversal.get(seq)?.["seq"] as number | undefined;
  }

  refusalCount(principal: string): number {
    return (this.#refusalCount.get(principal)?.["count"] as number | undefined) ?? 0;
  }
}

interface EntryRow {
  readonly account: bigint;
  readonly version: bigint;
  readonly seq: bigint;
  readonly side: "D" | "C";
  readonly amount_minor: bigint;
  readonly balance_minor: bigint;
  readonly previous: bigint;
}

/** What an account was opened with, from the columns of its row. */
export function profileOf(owner: string | null, metadata: string | null, openedSeq: number): Profile {
  return {
    ...(owner !== null && { owner }),
    ...(metadata !== null && { metadata: JSON.parse(metadata) as Record<string, string> }),
    openedSeq,
  };
}
