import type { Entry } from "@tallyline/ledger";

/** An entry as its table has it. */
export interface StoredEntry extends Pick<Entry, "version" | "seq" | "side" | "amountMinor" | "balanceMinor"> {
  /** 1 for the ledger's first entry, and so on without a gap. */
  readonly position: number;
  /** The account's number. */
  readonly account: number;
  /** The position of the account's entry before it; 0 for none. */
  readonly previous: number;
}

const WORDS = 6;
const [ACCOUNT, VERSION, SEQ, PREVIOUS, AMOUNT, BALANCE] = [0, 1, 2, 3, 4, 5];

/**
 * The latest entries, by position: 48 bytes each and no object, because thousands that live for a second would cost more to
 * collect than to write. A credit has a negative amount here.
 */
export class EntryList {
  #floats = new Float64Array(16_384 * WORDS);
  #bigs = new BigInt64Array(this.#floats.buffer);
  #count = 0;
  #first = 1;

  /** The position of the first entry. */
  get first(): number {
    return this.#first;
  }

  /** The position after the last entry. */
  get end(): number {
    return this.#first + this.#count;
  }

  /** Begins anew, at a position. */
  clear(first: number): void {
    this.#first = first;
    this.#count = 0;
  }

  /** Forgets the entries from a position on. */
  truncate(end: number): void {
    this.#count = end - this.#first;
  }

  add({ account, version, seq, previous, side, amountMinor, balanceMinor }: Omit<StoredEntry, "position">): void {
    if ((this.#count + 1) * WORDS > this.#floats.length) this.#grow();
    const at = this.#count * WORDS;
    this.#floats[at + ACCOUNT] = account;
    this.#floats[at + VERSION] = version;
    this.#floats[at + SEQ] = seq;
    this.#floats[at + PREVIOUS] = previous;
    this.#bigs[at + AMOUNT] = side === "debit" ? amountMinor : -amountMinor;
    this.#bigs[at + BALANCE] = balanceMinor;
    this.#count += 1;
  }

  /** The number of the account of an entry. */
  account(position: number): number {
    return this.#floats[(position - this.#first) * WORDS + ACCOUNT]!;
  }

  get(position: number): StoredEntry {
    const at = (position - this.#first) * WORDS;
    const amount = this.#bigs[at + AMOUNT]!;
    return {
      position,
      account: this.#floats[at + ACCOUNT]!,
      version: this.#floats[at + VERSION]!,
      seq: this.#floats[at + SEQ]!,
      side: amount > 0n ? "debit" : "credit",
      amountMinor: amount > 0n ? amount : -amount,
      balanceMinor: this.#bigs[at + BALANCE]!,
      previous: this.#floats[at + PREVIOUS]!,
    };
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#floats.length);
    // As integers: a float that is not a number may lose its bits when it is copied.
    const bigs = new BigInt64Array(larger.buffer);
    bigs.set(this.#bigs);
    this.#floats = larger;
    this.#bigs = bigs;
  }
}
