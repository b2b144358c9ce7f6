import type { Command, Hold } from "@tallyline/ledger";
import { EntryList } from "./entry-list.ts";
import type { Row } from "./table-rows.ts";

/** What the tables will show of a record, but for its entries: little, because thousands of them live for a second. */
export interface TailRecord {
  readonly seq: number;
  readonly atMs: number;
  readonly principal: string;
  readonly id: string;
  readonly verb: Command["verb"];
  readonly memo: string | null;
  readonly ref: string | null;
  /** The code of a refusal. */
  readonly refusal: string | null;
  /** The position of its first entry, and the one after its last. */
  readonly firstEntry: number;
  readonly endEntry: number;
  /** What most records do not do. */
  readonly rare: RareEffects | undefined;
}

/** What a record did besides posting entries. */
export interface RareEffects {
  /** The row in `account` of what it opened. */
  readonly opened: Row | undefined;
  /** The row in `account_change` of what it changed. */
  readonly changed: Row | undefined;
  /** The hold that it made or changed. */
  readonly hold: Hold | undefined;
  /** The place of the entry that it reversed. */
  readonly reversedSeq: number | undefined;
}

/** The end of the journal, which the tables do not show yet: in memory, and found there by all that reads ask for. */
export class Tail {
  readonly entries: EntryList = new EntryList();
  readonly #records: TailRecord[] = [];
  #opened = new Map<string, TailRecord>(); // by account
  #endedHolds = new Map<number, { readonly hold: Hold; readonly endedSeq: number }>();
  #reversed = new Map<number, number>(); // place of an entry → of its reversal
  #refusals = new Map<string, number>(); // by principal

  get records(): readonly TailRecord[] {
    return this.#records;
  }

  /** How many records. */
  get count(): number {
    return this.#records.length;
  }

  get endedHolds(): ReadonlyMap<number, { readonly hold: Hold; readonly endedSeq: number }> {
    return this.#endedHolds;
  }

  get reversed(): ReadonlyMap<number, number> {
    return this.#reversed;
  }

  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals;
  }

  /** The record that opened an account. */
  opened(name: string): TailRecord | undefined {
    return this.#opened.get(name);
  }

  record(seq: number): TailRecord | undefined {
    const first = this.#records[0];
    return first === undefined ? undefined : this.#records[seq - first.seq];
  }

  /** Adds a record whose entries were added already. */
  add(record: TailRecord): void {
    this.#records.push(record);
    const { principal, refusal, rare, seq } = record;
    if (refusal !== null) this.#refusals.set(principal, (this.#refusals.get(principal) ?? 0) + 1);
    if (rare === undefined) return;
    const { opened, hold, reversedSeq } = rare;
    if (opened !== undefined) this.#opened.set(String(opened[1]), record);
    if (reversedSeq !== undefined) this.#reversed.set(reversedSeq, seq);
    if (hold !== undefined && hold.state !== "held") this.#endedHolds.set(hold.seq, { hold, endedSeq: seq });
  }

  /** Forgets the records after the first so many. */
  truncate(count: number): void {
    const kept = this.#records.slice(0, count);
    const end = kept.at(-1)?.endEntry ?? this.entries.first;
    this.#clearRecords();
    for (const record of kept) this.add(record);
    this.entries.truncate(end);
  }

  /** Begins anew: the tables show everything. */
  clear(): void {
    this.#clearRecords();
    this.entries.clear(this.entries.end);
  }

  /** New maps rather than cleared ones, as in {@link FileBooks}. */
  #clearRecords(): void {
    this.#records.length = 0;
    this.#opened = new Map();
    this.#endedHolds = new Map();
    this.#reversed = new Map();
    this.#refusals = new Map();
  }
}
