import { crc32 } from "node:zlib";
import {
  balanceMinor,
  ExpiryQueue,
  LEDGER,
  normalSide,
  type Account,
  type AccountDetails,
  type Command,
  type Done,
  type Hold,
  type Identity,
  type Recorded,
  type WritableBooks,
} from "@tallyline/ledger";
import {
  ByteWriter,
  sealSegment,
  SEGMENT_HEADER_BYTES,
  writeRecord,
  type AccountImage,
} from "@tallyline/ledger/journal";
import {
  changeRow,
  type AccountFacts,
  type Balance,
  type ChangeRow,
  type CommandRow,
  type EntryRow,
  type HeadRow,
  type SegmentRow,
} from "./rows.ts";
import { headOf } from "./segment-sums.ts";

/** What was recorded under an id before this batch. */
export interface EarlierRecord extends Recorded {
  readonly seq: number;
  /** The head of the segment that holds it. */
  readonly head: string;
}

/** What the books of a batch begin with. */
export interface BooksFrom {
  readonly head: HeadRow;
  readonly currencies: ReadonlySet<string>;
  readonly maxRefusals: number;
}

/** An account in the books, and what its entries come to while a command adds some. */
interface Slot {
  readonly facts: AccountFacts;
  account: Account;
  latest: number;
  version: number;
  balanceMinor: bigint;
}

/** What a batch adds to each table. */
export class Changes {
  readonly commands: CommandRow[] = [];
  readonly entries: EntryRow[] = [];
  readonly opened: AccountFacts[] = [];
  readonly balances: Map<number, Balance> = new Map<number, Balance>(); // by account, as they are at the end
  /** Accounts of which more than the sums of their entries changed. */
  readonly changedBesides: Set<number> = new Set<number>();
  readonly accountChanges: ChangeRow[] = [];
  readonly holds: Map<number, Hold> = new Map<number, Hold>(); // by place in the order, as they are at the end
  readonly reversals: { readonly reversedSeq: number; readonly seq: number }[] = [];
  readonly refusals: Map<string, number> = new Map<string, number>(); // by principal
}

/** The next segment, and what of the books goes with it. */
export interface Sealed {
  readonly segments: readonly [SegmentRow];
  readonly changes: Changes;
  readonly head: HeadRow;
}

/**
 * The part of the books that a batch of commands touches, as of the journal's head; and what the batch makes of it. It
 * holds what was put into it and nothing else: reading an id that nobody looked for is a mistake, and throws, unless it may
 * be {@link assumeAbsent | assumed} to be new.
 */
export class BatchBooks implements WritableBooks {
  readonly #currencies: ReadonlySet<string>;
  readonly #maxRefusals: number;
  readonly #slots = new Map<string, Slot>();
  readonly #recorded = new Map<string, Recorded | undefined>();
  readonly #earlier = new Map<number, EarlierRecord>();
  readonly #holds = new Map<number, Hold>();
  readonly #reversed = new Set<number>();
  readonly #refusals = new Map<string, number>();
  readonly #expiries = new ExpiryQueue();
  readonly #segment = new ByteWriter(16_384);
  /** What nobody looked for, and was taken to be absent; undefined where that is a mistake. Of ids, all but the last. */
  #assumed: Set<string> | undefined;
  #assumedId: string | undefined;
  #changes = new Changes();
  #head: HeadRow;
  #lastSeq: number;
  #clockMs: number;
  #entryCount: number;
  #accountCount: number;

  constructor({ head, currencies, maxRefusals }: BooksFrom) {
    this.#currencies = currencies;
    this.#maxRefusals = maxRefusals;
    this.#head = head;
    this.#lastSeq = head.seq;
    this.#clockMs = head.clockMs;
    this.#entryCount = head.entryCount;
    this.#accountCount = head.accountCount;
    this.#segment.skip(SEGMENT_HEADER_BYTES);
  }

  /** Takes in an account as it is in the database. */
  putAccount(facts: AccountFacts, { state, latest }: Balance): void {
    const { account: name, currency, kind } = facts;
    const account = { account: name, currency, kind, ...state };
    this.#slots.set(name, { facts, account, latest, version: state.version, balanceMinor: balanceMinor(account) });
  }

  /** Takes in what is recorded under an id: undefined for nothing. */
  putRecorded(principal: string, id: string, record: EarlierRecord | undefined): void {
    this.#recorded.set(keyOf(principal, id), record);
    if (record !== undefined) this.#earlier.set(record.seq, record);
  }

  /** From now on, takes what it does not hold to be absent. Adding it to the tables then proves that it was. */
  assumeAbsent(): void {
    this.#assumed = new Set();
  }

  /** Whether something was taken to be absent, and nothing that is added to the tables will prove it. */
  get hasUnproven(): boolean {
    return this.#assumedId !== undefined || (this.#assumed !== undefined && this.#assumed.size > 0);
  }

  /** How many accounts, holds and principals it holds. */
  get size(): number {
    return this.#slots.size + this.#holds.size + this.#reversed.size + this.#refusals.size;
  }

  hasAccount(name: string): boolean {
    return this.#slots.has(name);
  }

  /** Whether it knows how many refusals of a principal are recorded. */
  knowsRefusals(principal: string): boolean {
    return this.#refusals.has(principal);
  }

  putHold(hold: Hold): void {
    if (!this.#holds.has(hold.seq) && hold.state === "held") this.#expiries.add(hold);
    this.#holds.set(hold.seq, hold);
  }

  putReversed(seq: number): void {
    this.#reversed.add(seq);
  }

  putRefusals(principal: string, count: number): void {
    this.#refusals.set(principal, count);
  }

  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** The place in the order of the first record that the next segment holds. */
  get firstSeq(): number {
    return this.#head.seq + 1;
  }

  /** The head that the next segment links to. */
  get head(): string {
    return this.#head.head;
  }

  /** How many records the next segment holds. */
  get recordCount(): number {
    return this.#lastSeq - this.#head.seq;
  }

  /** How many bytes the next segment has. */
  get byteCount(): number {
    return this.#segment.length;
  }

  /** What is added to the tables since {@link forget}. */
  get changes(): Changes {
    return this.#changes;
  }

  account(name: string): Account | undefined {
    const slot = this.#slots.get(name);
    if (slot === undefined) this.#assumed?.add(name);
    return slot?.account;
  }

  /** All accounts, and the latest position of each. */
  *accounts(): Generator<{ readonly facts: AccountFacts; readonly account: Account; readonly latest: number }> {
    yield* this.#slots.values();
  }

  /** All holds that it knows of, ended ones too, in the order in which they came up. */
  holds(): IterableIterator<Hold> {
    return this.#holds.values();
  }

  details(name: string): AccountDetails | undefined {
    const slot = this.#slots.get(name);
    if (slot === undefined) this.#assumed?.add(name);
    if (slot === undefined) return undefined;
    const { openedSeq, profile } = slot.facts;
    return { ...slot.account, ...profile, openedSeq };
  }

  recorded(principal: string, id: string): Recorded | undefined {
    // What the ledger does by itself it does once: a hold that has expired is not due any more.
    if (principal === LEDGER) return undefined;
    const key = keyOf(principal, id);
    const found = this.#recorded.get(key);
    if (found !== undefined) return found;
    if (this.#assumed !== undefined) {
      if (this.#assumedId !== undefined) this.#assumed.add(this.#assumedId);
      this.#assumedId = key;
    } else if (!this.#recorded.has(key)) {
      throw new Error(`the id ${id} of ${principal} is read without having been loaded`);
    }
    return undefined;
  }

  /** The head of the segment that holds a record from before this batch; undefined for one of this batch. */
  earlierHead(seq: number): string | undefined {
    return this.#earlier.get(seq)?.head;
  }

  hold(seq: number): Hold | undefined {
    return this.#holds.get(seq);
  }

  isReversed(seq: number): boolean {
    return this.#reversed.has(seq);
  }

  hasCurrency(code: string): boolean {
    return this.#currencies.has(code);
  }

  hasTooManyRefusals(principal: string): boolean {
    if (!this.#refusals.has(principal)) this.#assumed?.add(keyOf(principal, ""));
    return (this.#refusals.get(principal) ?? 0) >= this.#maxRefusals;
  }

  tick(nowMs: number): number {
    if (nowMs > this.#clockMs) this.#clockMs = Math.floor(nowMs);
    return this.#clockMs;
  }

  dueHold(atMs: number): number | undefined {
    return this.#expiries.due(atMs);
  }

  take(command: Command, recorded: Recorded, atMs: number): void {
    const { result } = recorded;
    const seq = this.nextSeq;
    const { principal, id, verb } = command;
    const images = result.ok ? this.#takeEffect(command, result) : [];
    if (!result.ok) {
      add(this.#refusals, principal);
      add(this.#changes.refusals, principal);
    }
    const record = { seq, atMs, command, result, images };
    writeRecord(this.#segment, record, (name) => this.#slots.get(name)!.facts.number);
    const { memo = null, ref = null } = verb === "settle" || verb === "expire" ? {} : command;
    const refusal = result.ok ? null : result.code;
    this.#changes.commands.push({ seq, segment: this.firstSeq, atMs, principal, id, verb, refusal, memo, ref });
    const key = keyOf(principal, id);
    this.#recorded.set(key, recorded);
    if (this.#assumedId === key) this.#assumedId = undefined;
    this.#assumed?.delete(key);
    this.#lastSeq = seq;
  }

  /** The next segment, whole; it is valid until something more is taken in. */
  seal(): Sealed {
    const body = this.#segment.view();
    const { firstSeq, recordCount } = this;
    sealSegment(body, { firstSeq, recordCount, previousHead: this.#head.head }, crc32);
    const head = {
      seq: this.#lastSeq,
      head: headOf(body),
      clockMs: this.#clockMs,
      entryCount: this.#entryCount,
      accountCount: this.#accountCount,
      databaseMs: this.#head.databaseMs,
    };
    return { segments: [{ firstSeq, body }], changes: this.#changes, head };
  }

  /** Begins the segment after one. */
  goOnAfter(head: HeadRow): void {
    this.#head = head;
    this.#segment.truncate(SEGMENT_HEADER_BYTES);
  }

  /** What the segments until now add is in the tables: that, and what was recorded, of which there is no end. */
  forget(): void {
    this.#changes = new Changes();
    this.#assumed = undefined;
    this.#assumedId = undefined;
    this.#recorded.clear();
    this.#earlier.clear();
  }

  /** Whether it knows what is recorded under an id. */
  hasRecorded({ principal, id }: Identity): boolean {
    return this.#recorded.has(keyOf(principal, id));
  }

  #takeEffect(command: Command, done: Done): readonly AccountImage[] {
    if (command.verb === "open") this.#open(command, done);
    this.#addEntries(done);
    const onlyPosts = command.verb === "post" || command.verb === "reverse";
    const images = done.accounts.map((account): AccountImage => {
      const slot = this.#slots.get(account.account)!;
      const { facts, latest } = slot;
      slot.account = account;
      const balance = { number: facts.number, state: account, latest };
      this.#changes.balances.set(facts.number, balance);
      if (!onlyPosts) this.#changes.changedBesides.add(facts.number);
      return balance;
    });
    if (done.hold !== undefined) {
      this.#changes.holds.set(done.hold.seq, done.hold);
      this.putHold(done.hold);
      if (done.hold.state !== "held") this.#expiries.remove(done.hold);
    }
    if (done.reversedSeq !== undefined) {
      this.#reversed.add(done.reversedSeq);
      this.#changes.reversals.push({ reversedSeq: done.reversedSeq, seq: done.seq });
    }
    const change = changeRow(command, done, (name) => this.#slots.get(name)!.facts.number);
    if (change !== undefined) this.#changes.accountChanges.push(change);
    return images;
  }

  #open(command: Command & { readonly verb: "open" }, { seq, accounts }: Done): void {
    const { account, currency, kind, owner, metadata } = command;
    const profile = { ...(owner !== undefined && { owner }), ...(metadata !== undefined && { metadata }) };
    const facts = { number: this.#accountCount, account, currency, kind, openedSeq: seq, profile };
    this.#accountCount += 1;
    this.#changes.opened.push(facts);
    this.#slots.set(account, { facts, account: accounts[0]!, latest: 0, version: 0, balanceMinor: 0n });
    this.#assumed?.delete(account);
  }

  /** One entry a leg, each with the account's balance after it. */
  #addEntries({ legs, seq }: Done): void {
    for (const { account: name, side, amountMinor } of legs) {
      const slot = this.#slots.get(name)!;
      slot.version += 1;
      slot.balanceMinor += side === normalSide(slot.facts.kind) ? amountMinor : -amountMinor;
      slot.latest = this.#entryCount += 1;
      const { version, latest: position } = slot;
      const { number } = slot.facts;
      const after = slot.balanceMinor;
      this.#changes.entries.push({ account: number, version, position, seq, side, amountMinor, balanceMinor: after });
    }
  }
}

function add(counts: Map<string, number>, principal: string): void {
  counts.set(principal, (counts.get(principal) ?? 0) + 1);
}

/** Neither a principal nor an id has a blank. */
export function keyOf(principal: string, id: string): string {
  return `${principal} ${id}`;
}
