import type { Account, AccountKind } from "@tallyline/ledger";
import type { AccountIdentity, AccountState } from "@tallyline/ledger/journal";

/** How many accounts share a page: what is written at once when accounts are saved. */
export const ACCOUNTS_PER_PAGE = 1024;

/**
 * How many pages share a block of memory, 2.9 MB that take room as they are used. With a million accounts what a look at one
 * costs is fetching from memory, so it must touch little: a block for each page would add the views of all the blocks.
 */
const PAGES_PER_BLOCK = 32;
const ACCOUNTS_PER_BLOCK = PAGES_PER_BLOCK * ACCOUNTS_PER_PAGE;

/**
 * An account in a page, 88 bytes, little-endian (docs/ledger-format.md):
 *
 *     0  16  sum of debits          32  8  held debits     48  8  least balance      64  8  version
 *    16  16  sum of credits         40  8  held credits    56  8  greatest balance   72  8  position of its latest entry
 *                                                                                    80  8  status
 */
const WORDS = 11;
const BYTES_PER_PAGE = ACCOUNTS_PER_PAGE * WORDS * 8;
const [DEBITS, CREDITS, HELD_DEBITS, HELD_CREDITS, LEAST, GREATEST, VERSION, LATEST, STATUS] = [
  0, 2, 4, 5, 6, 7, 8, 9, 10,
];
/** Stands for "no limit": the one number of 64 bits that no limit can be. */
const NO_LIMIT = -(2n ** 63n);
const STATUSES = ["open", "frozen", "closed"] as const;

/** The accounts of a ledger by number, in the order in which they were opened, from 0: some 130 bytes of memory each. */
export class AccountTable {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #kinds: Kind[] = []; // one for all accounts of a currency and a kind
  readonly #kindsByKey = new Map<string, number>();
  #kindOf = new Uint16Array(ACCOUNTS_PER_PAGE); // by account
  readonly #blocks: Block[] = [];

  get count(): number {
    return this.#names.length;
  }

  get pageCount(): number {
    return Math.ceil(this.count / ACCOUNTS_PER_PAGE);
  }

  /** The number of an account; undefined when there is none of that name. */
  number(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  name(number: number): string {
    return this.#names[number]!;
  }

  identity(number: number): AccountIdentity {
    const { currency, kind } = this.#kinds[this.#kindOf[number]!]!;
    return { account: this.#names[number]!, currency, kind };
  }

  /** Adds the next account, with nothing in it. */
  add({ account, currency, kind }: AccountIdentity): void {
    const number = this.count;
    if (number === this.#kindOf.length) this.#growKinds();
    this.#kindOf[number] = this.#numberOfKind(currency, kind);
    if (number === this.#blocks.length * ACCOUNTS_PER_BLOCK) this.#blocks.push(new Block());
    this.#numbers.set(account, number);
    this.#names.push(account);
  }

  #numberOfKind(currency: string, kind: AccountKind): number {
    const key = `${currency} ${kind}`;
    let number = this.#kindsByKey.get(key);
    if (number === undefined) this.#kindsByKey.set(key, (number = this.#kinds.push({ currency, kind }) - 1));
    return number;
  }

  #growKinds(): void {
    const larger = new Uint16Array(2 * this.#kindOf.length);
    larger.set(this.#kindOf);
    this.#kindOf = larger;
  }

  /** Forgets the accounts that were added last. */
  truncate(count: number): void {
    for (const name of this.#names.splice(count)) this.#numbers.delete(name);
    this.#blocks.length = Math.ceil(count / ACCOUNTS_PER_BLOCK);
  }

  /** @param name The account's, where it is known already. */
  get(number: number, name: string = this.#names[number]!): Account {
    const { big, signed, float, half } = this.#blockOf(number);
    const at = (number % ACCOUNTS_PER_BLOCK) * WORDS;
    const { currency, kind } = this.#kinds[this.#kindOf[number]!]!;
    const least = signed[at + LEAST]!;
    const greatest = signed[at + GREATEST]!;
    return {
      account: name,
      currency,
      kind,
      minBalanceMinor: least === NO_LIMIT ? null : least,
      maxBalanceMinor: greatest === NO_LIMIT ? null : greatest,
      status: STATUSES[half[2 * (at + STATUS)]!]!,
      debitsMinor: wide(big, at + DEBITS),
      creditsMinor: wide(big, at + CREDITS),
      heldDebitsMinor: big[at + HELD_DEBITS]!,
      heldCreditsMinor: big[at + HELD_CREDITS]!,
      version: float[at + VERSION]!,
    };
  }

  /** The position of an account's latest entry; 0 for none. */
  latest(number: number): number {
    return this.#blockOf(number).float[(number % ACCOUNTS_PER_BLOCK) * WORDS + LATEST]!;
  }

  set(number: number, account: AccountState, latest: number): void {
    const { big, signed, float, half } = this.#blockOf(number);
    const at = (number % ACCOUNTS_PER_BLOCK) * WORDS;
    setWide(big, at + DEBITS, account.debitsMinor);
    setWide(big, at + CREDITS, account.creditsMinor);
    big[at + HELD_DEBITS] = account.heldDebitsMinor;
    big[at + HELD_CREDITS] = account.heldCreditsMinor;
    signed[at + LEAST] = account.minBalanceMinor ?? NO_LIMIT;
    signed[at + GREATEST] = account.maxBalanceMinor ?? NO_LIMIT;
    float[at + VERSION] = account.version;
    float[at + LATEST] = latest;
    half[2 * (at + STATUS)] = STATUSES.indexOf(account.status);
  }

  /** The bytes of a page, as they are saved; a view. */
  page(number: number): Uint8Array {
    const { buffer } = this.#blockOf(number * ACCOUNTS_PER_PAGE).big;
    return new Uint8Array(buffer, (number % PAGES_PER_BLOCK) * BYTES_PER_PAGE, BYTES_PER_PAGE);
  }

  #blockOf(number: number): Block {
    return this.#blocks[Math.floor(number / ACCOUNTS_PER_BLOCK)]!;
  }
}

interface Kind {
  readonly currency: string;
  readonly kind: AccountKind;
}

/** The same bytes, read in several ways: as big integers only where a number may not hold them. */
class Block {
  readonly big = new BigUint64Array(ACCOUNTS_PER_BLOCK * WORDS);
  readonly signed = new BigInt64Array(this.big.buffer);
  readonly half = new Uint32Array(this.big.buffer);
  readonly float = new Float64Array(this.big.buffer);
}

/** A sum may outgrow 64 bits where the balance does not. */
function wide(words: BigUint64Array, at: number): bigint {
  const low = words[at]!;
  const high = words[at + 1]!;
  return high === 0n ? low : (high << 64n) | low;
}

function setWide(words: BigUint64Array, at: number, value: bigint): void {
  words[at] = value; // the low 64 bits
  words[at + 1] = value > MAX_LOW ? value >> 64n : 0n;
}

const MAX_LOW = 2n ** 64n - 1n;
