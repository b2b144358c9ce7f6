import {
  balanceMinor,
  checkBooksOptions,
  checkRange,
  normalSide,
  type Account,
  type AccountDetails,
  type AccountPage,
  type AccountRange,
  type BooksOptions,
  type Command,
  type Done,
  type Hold,
  type HoldPage,
  type HoldRange,
  type Recorded,
  type Result,
  type Statement,
  type StatementRange,
  type TrialBalance,
  type WritableBooks,
} from "@tallyline/ledger";
import type { AccountImage, JournalRecord } from "@tallyline/ledger/journal";
import { AccountTable, ACCOUNTS_PER_PAGE } from "./account-table.ts";
import { halfSipHash, type HashKey } from "./half-sip-hash.ts";
import { IdIndex } from "./id-index.ts";
import type { Journal } from "./journal.ts";
import { OpenHolds } from "./open-holds.ts";
import { profileOf, type ReadModels } from "./read-models.ts";
import { readStatement } from "./stored-statement.ts";
import { accountChangeRow, accountRow } from "./table-rows.ts";
import { Tail, type RareEffects } from "./tail.ts";

/** Bounds what is kept of accounts that are only read, where nothing is committed for long. */
const KEPT_SLOTS = 8192;

/** An account as of now, with what was taken since the last commit. */
interface Slot {
  readonly number: number;
  account: Account;
  /** The position of its latest entry; 0 for none. */
  latest: number;
  /** Whether it has changed since the last commit. */
  isChanged: boolean;
}

/**
 * The books of a file. In memory: every account's state, the open holds, an index of ids, and the tail of the journal that
 * the tables do not show yet; the rest is read from the file.
 *
 * What commands do since the last commit is kept apart, in drafts, until {@link commit} or {@link rollback}.
 */
export class FileBooks implements WritableBooks {
  readonly accounts: AccountTable = new AccountTable();
  readonly ids: IdIndex = new IdIndex();
  readonly holds: OpenHolds = new OpenHolds();
  readonly tail: Tail = new Tail();
  /** Pages of accounts that differ from the file's, and the first place in the order that may have changed them. */
  readonly dirtyPages: Map<number, number> = new Map<number, number>();
  readonly #journal: Journal;
  readonly #tables: ReadModels;
  readonly #hashKey: HashKey;
  readonly #currencies: ReadonlySet<string>;
  readonly #maxRefusals: number;
  /** Accounts that were read since the last commit, by name. */
  #slots = new Map<string, Slot>();
  /** Those of them that have changed. */
  readonly #changed: Slot[] = [];
  #lastKey = { principal: "", id: "", key: " " };
  /** What was recorded since the last commit, by half of the hash of its principal and id. */
  #batch = new Map<number, Uncommitted>();
  readonly #hash = new Uint32Array(2);
  #hashed = "";
  /** Of the ids in the tail. */
  #hashes = new Uint32Array(2 * 8192);
  readonly #numberOf = (name: string): number => this.accounts.number(name)!;
  readonly #identityOf = (number: number) => this.accounts.identity(number);
  #committedRecords = 0;
  #committedAccounts = 0;
  #lastSeq = 0;
  #clockMs = 0;

  constructor(options: BooksOptions, from: { journal: Journal; tables: ReadModels; hashKey: HashKey }) {
    const { currencies, maxRefusalsPerPrincipal } = checkBooksOptions(options);
    this.#currencies = currencies;
    this.#maxRefusals = maxRefusalsPerPrincipal;
    this.#journal = from.journal;
    this.#tables = from.tables;
    this.#hashKey = from.hashKey;
  }

  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** How many entries there are: the position of the last one. */
  get entryCount(): number {
    return this.tail.entries.end - 1;
  }

  account(name: string): Account | undefined {
    return this.#slot(name)?.account;
  }

  recorded(principal: string, id: string): Recorded | undefined {
    const key = this.#keyOf(principal, id);
    const hash = this.#hashOf(key);
    for (let recent = this.#batch.get(hash[0]! | 0); recent !== undefined; recent = recent.next) {
      if (recent.key === key) return recent.recorded;
    }
    for (const seq of this.ids.candidates(hash[0]!, hash[1]!)) {
      const found = this.#journal.identity(seq);
      if (found.principal === principal && found.id === id) return this.#journal.record(seq, this.#identityOf);
    }
    return undefined;
  }

  hold(seq: number): Hold | undefined {
    const known = this.holds.get(seq) ?? this.tail.endedHolds.get(seq)?.hold;
    if (known !== undefined) return known;
    const endedSeq = this.#tables.holdEnd(seq);
    if (endedSeq === undefined) return undefined;
    const { result } = this.#journal.record(endedSeq, this.#identityOf);
    return result.ok ? result.hold : undefined;
  }

  isReversed(seq: number): boolean {
    return this.tail.reversed.has(seq) || this.#tables.reversedBy(seq) !== undefined;
  }

  hasCurrency(code: string): boolean {
    return this.#currencies.has(code);
  }

  hasTooManyRefusals(principal: string): boolean {
    const count = this.#tables.refusalCount(principal) + (this.tail.refusals.get(principal) ?? 0);
    return count >= this.#maxRefusals;
  }

  tick(nowMs: number): number {
    if (nowMs > this.#clockMs) this.#clockMs = Math.floor(nowMs);
    return this.#clockMs;
  }

  dueHold(atMs: number): number | undefined {
    return this.holds.due(atMs);
  }

  take(command: Command, recorded: Recorded, atMs: number): void {
    const { result } = recorded;
    const images = this.#takeEffect(command, result, atMs);
    this.#journal.add({ seq: this.#lastSeq, atMs, command, result, images }, this.#numberOf);
    const key = this.#keyOf(command.principal, command.id);
    const half = this.#hashOf(key)[0]! | 0;
    this.#batch.set(half, { key, recorded, next: this.#batch.get(half) });
  }

  /** Takes a record that was committed before the file was opened, and that the tables do not show. */
  retake({ seq, command, result, atMs }: JournalRecord): void {
    this.#takeEffect(command, result, atMs);
    this.tick(atMs);
    this.commit(seq);
  }

  /** Where the tables of a file end: the tail begins there. */
  resume(lastSeq: number, entryCount: number): void {
    this.#lastSeq = lastSeq;
    this.#committedAccounts = this.accounts.count;
    this.tail.entries.clear(entryCount + 1);
  }

  /** What was taken since the last commit is durable. @param firstSeq The place of the first of it. */
  commit(firstSeq: number): void {
    for (const { number, account, latest } of this.#changed) {
      this.accounts.set(number, account, latest);
      const page = Math.floor(number / ACCOUNTS_PER_PAGE);
      if (!this.dirtyPages.has(page)) this.dirtyPages.set(page, firstSeq);
    }
    for (let index = this.#committedRecords; index < this.tail.count; index += 1) {
      this.ids.add(this.#hashes[2 * index]!, this.#hashes[2 * index + 1]!, this.tail.records[index]!.seq);
    }
    this.#forgetBatch();
    this.holds.commit();
    this.#committedRecords = this.tail.count;
    this.#committedAccounts = this.accounts.count;
  }

  /** What was taken since the last commit never happened. */
  rollback(): void {
    this.#lastSeq -= this.tail.count - this.#committedRecords;
    this.#forgetBatch();
    this.holds.rollback();
    this.tail.truncate(this.#committedRecords);
    this.accounts.truncate(this.#committedAccounts);
  }

  /**
   * New maps, because V8 links the table of a cleared one to the table after it: the first that lives long enough to be
   * moved to the old generation keeps all that come later there, and whatever they held, until that is collected.
   */
  #forgetBatch(): void {
    this.#batch = new Map();
    this.#slots = new Map();
    this.#changed.length = 0;
  }

  /** The tables show everything: the tail begins anew. */
  projected(): void {
    this.tail.clear();
    this.#journal.projected();
    this.#committedRecords = 0;
  }

  /** The hashes of the ids in the tail. */
  tailHashes(): Uint32Array {
    return this.#hashes.subarray(0, 2 * this.tail.count);
  }

  /** An account with what it was opened with. */
  details(name: string): AccountDetails | undefined {
    const account = this.account(name);
    if (account === undefined) return undefined;
    const opened = this.tail.opened(name)?.rare?.opened;
    if (opened === undefined) return { ...account, ...this.#tables.profile(this.accounts.number(name)!) };
    const [owner, metadata, openedSeq] = opened.slice(4) as [string | null, string | null, number];
    return { ...account, ...profileOf(owner, metadata, openedSeq) };
  }

  /** Accounts in the order in which they were opened. @throws RangeError for a bad range. */
  list({ after, limit: asked }: AccountRange = {}): AccountPage {
    const last = after === undefined ? -1 : this.accounts.number(after);
    if (last === undefined) throw new RangeError(`there is no account ${after} to list after`);
    const { after: first, limit } = checkRange("after", last + 1, asked);
    const end = Math.min(first + limit, this.accounts.count);
    const accounts = Array.from({ length: end - first }, (_, index) =>
      this.details(this.accounts.name(first + index))!,
    );
    return { accounts, hasMore: end < this.accounts.count };
  }

  /** The holds of an account that still hold something. @throws RangeError for a bad range. */
  holdsOf(name: string, { afterSeq, limit: asked }: HoldRange = {}): HoldPage | undefined {
    const { after, limit } = checkRange("afterSeq", afterSeq, asked);
    if (this.accounts.number(name) === undefined) return undefined;
    const holds = this.holds.of(name).filter(({ seq }) => seq > after);
    return { holds: holds.slice(0, limit), hasMore: holds.length > limit };
  }

  /** The entries of an account. @throws RangeError for a bad range. */
  statement(name: string, range?: StatementRange): Statement | undefined {
    const slot = this.#slot(name);
    const account = slot && { name, number: slot.number, latest: slot.latest, version: slot.account.version };
    return readStatement(this.#tables, this.tail, account, range);
  }

  /** Sums the books by currency. */
  trialBalance(): TrialBalance[] {
    const sums = new Map([...this.#currencies].map((code) => [code, { debitsMinor: 0n, creditsMinor: 0n }]));
    for (let number = 0; number < this.accounts.count; number += 1) {
      const changed = this.#slots.get(this.accounts.name(number))?.account;
      const { currency, debitsMinor, creditsMinor } = changed ?? this.accounts.get(number);
      const sum = sums.get(currency)!;
      sum.debitsMinor += debitsMinor;
      sum.creditsMinor += creditsMinor;
    }
    return [...sums].map(([currency, sum]) => ({ currency, ...sum }));
  }

  /** What a record does to the books, but for the journal. @returns the accounts as it left them. */
  #takeEffect(command: Command, result: Result, atMs: number): readonly AccountImage[] {
    const seq = this.nextSeq;
    const { principal, id, verb } = command;
    const { memo, ref } = command.verb === "settle" || command.verb === "expire" ? NO_OPTIONS : command;
    const firstEntry = this.tail.entries.end;
    let images: readonly AccountImage[] = [];
    let rare: RareEffects | undefined;
    if (result.ok) {
      if (command.verb === "open") this.accounts.add(command);
      this.#addEntries(result);
      images = result.accounts.map((account) => this.#takeAccount(account));
      if (result.hold !== undefined) this.holds.take(result.hold);
      rare = rareEffects(command, result, images[0]!.number);
    }
    this.#addHash(this.#keyOf(principal, id));
    this.tail.add({
      seq,
      atMs,
      principal,
      id,
      verb,
      memo: memo ?? null,
      ref: ref ?? null,
      refusal: result.ok ? null : result.code,
      firstEntry,
      endEntry: this.tail.entries.end,
      rare,
    });
    this.#lastSeq = seq;
    return images;
  }

  /** One entry a leg, each with the account's balance after it. */
  #addEntries({ legs, seq }: Done): void {
    const { entries } = this.tail;
    const first = entries.end;
    for (const { account: name, side, amountMinor } of legs) {
      const slot = this.#slot(name)!;
      const { number, account, latest: previous } = slot;
      const earlier = previous >= first ? entries.get(previous) : undefined; // of the same command
      const change = side === normalSide(account.kind) ? amountMinor : -amountMinor;
      slot.latest = entries.end;
      entries.add({
        account: number,
        version: (earlier?.version ?? account.version) + 1,
        seq,
        side,
        amountMinor,
        balanceMinor: (earlier?.balanceMinor ?? balanceMinor(account)) + change,
        previous,
      });
    }
  }

  /** Takes an account as a command left it, whose entries were added already. */
  #takeAccount(account: Account): AccountImage {
    const slot = this.#slot(account.account)!;
    slot.account = account;
    if (!slot.isChanged) this.#changed.push(slot);
    slot.isChanged = true;
    return { number: slot.number, state: account, latest: slot.latest };
  }

  /** An account as of now. A command asks for it several times, and others of the same turn may. */
  #slot(name: string): Slot | undefined {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const number = this.accounts.number(name);
    if (number === undefined) return undefined;
    if (this.#slots.size - this.#changed.length >= KEPT_SLOTS) this.#forgetUnchanged();
    const slot = {
      number,
      account: this.accounts.get(number, name),
      latest: this.accounts.latest(number),
      isChanged: false,
    };
    this.#slots.set(name, slot);
    return slot;
  }

  #forgetUnchanged(): void {
    this.#slots = new Map();
    for (const slot of this.#changed) this.#slots.set(slot.account.account, slot);
  }

  /** Neither a principal nor an id has a blank. Asked for again and again for the same command. */
  #keyOf(principal: string, id: string): string {
    const last = this.#lastKey;
    if (last.principal === principal && last.id === id) return last.key;
    const key = `${principal} ${id}`;
    this.#lastKey = { principal, id, key };
    return key;
  }

  /** What is asked about an id is most often followed by its record. */
  #hashOf(key: string): Uint32Array {
    if (this.#hashed !== key) halfSipHash(key, this.#hashKey, this.#hash);
    this.#hashed = key;
    return this.#hash;
  }

  #addHash(key: string): void {
    const at = 2 * this.tail.count;
    if (at === this.#hashes.length) {
      const larger = new Uint32Array(2 * at);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    const hash = this.#hashOf(key);
    this.#hashes[at] = hash[0]!;
    this.#hashes[at + 1] = hash[1]!;
  }
}

/** A record that is not committed, and others with the same half of a hash. */
interface Uncommitted {
  readonly key: string;
  readonly recorded: Recorded;
  readonly next: Uncommitted | undefined;
}

const NO_OPTIONS: { readonly memo?: string; readonly ref?: string } = {};

function rareEffects(command: Command, done: Done, number: number): RareEffects | undefined {
  const { hold, reversedSeq } = done;
  if (command.verb === "post") return undefined;
  const rows = { opened: accountRow(command, done.seq, number), changed: accountChangeRow(command, done, number) };
  return { ...rows, hold, reversedSeq };
}
