import type { Account, AccountKind } from "@tallyline/ledger";
import type { AccountIdentity, AccountState } from "@tallyline/ledger/journal";

/** How many accounts share a page: what is written at once when accounts are saved. */
export const ACCOUNTS_PER_PAGE = 1024;

/**
 * An account in a page, 88 bytes, little-endian (docs/ledger-format.md):
 *
 *     0  16  sum of debits          32  8  held debits     48  8  least balance      64  8  version
 *    16  16  sum of credits         40  8  held credits    56  8  greatest balance   72  8  position of its latest entry
 *                                                                                    80  8  status
 */
const WORDS = 11;
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
  readonly #kinds: Kind[] = []; // one object for all accounts of a currency and a kind
  readonly #kindsByKey = new Map<string, Kind>();
  readonly #pages: Page[] = [];

  get count(): number {
    return this.#names.length;
  }

  get pageCount(): number {
    return this.#pages.length;
  }

  /** The number of an account; undefined when there is none of that name. */
  number(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  name(number: number): string {
    return this.#names[number]!;
  }

  identity(number: number): AccountIdentity {
    const { currency, kind } = this.#kinds[number]!;
    return { account: this.#names[number]!, currency, kind };
  }

  /** Adds the next account, with nothing in it. */
  add({ account, currency, kind }: AccountIdentity): void {
    const key = `${currency} ${kind}`;
    let shared = this.#kindsByKey.get(key);
    if (shared === undefined) this.#kindsByKey.set(key, (shared = { currency, kind }));
    this.#numbers.set(account, this.#names.length);
    if (this.#names.length === this.#pages.length * ACCOUNTS_PER_PAGE) this.#pages.push(new Page());
    this.#names.push(account);
    this.#kinds.push(shared);
  }

  /** Forgets the accounts that were added last. */
  truncate(count: number): void {
    for (const name of this.#names.splice(count)) this.#numbers.delete(name);
    this.#kinds.length = count;
    this.#pages.length = Math.ceil(count / ACCOUNTS_PER_PAGE);
  }

  get(number: number): Account {
    const { big, signed, float, half } = this.#pages[Math.floor(number / ACCOUNTS_PER_PAGE)]!;
    const at = (number % ACCOUNTS_PER_PAGE) * WORDS;
    const { currency, kind } = this.#kinds[number]!;
    const least = signed[at + LEAST]!;
    const greatest = signed[at + GREATEST]!;
    return {
      account: this.#names[number]!,
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
    const { float } = this.#pages[Math.floor(number / ACCOUNTS_PER_PAGE)]!;
    return float[(number % ACCOUNTS_PER_PAGE) * WORDS + LATEST]!;
  }

  set(number: number, account: AccountState, latest: number): void {
    const { big, signed, float, half } = this.#pages[Math.floor(number / ACCOUNTS_PER_PAGE)]!;
    const at = (number % ACCOUNTS_PER_PAGE) * WORDS;
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
    return this.#pages[number]!.bytes;
  }
}

interface Kind {
  readonly currency: string;
  readonly kind: AccountKind;
}

/** The same bytes, read in several ways: as big integers only where a number may not hold them. */
class Page {
  readonly big = new BigUint64Array(ACCOUNTS_PER_PAGE * WORDS);
  readonly signed = new BigInt64Array(this.big.buffer);
  readonly half = new Uint32Array(this.big.buffer);
  readonly float = new Float64Array(this.big.buffer);
  readonly bytes = new Uint8Array(this.big.buffer);
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
