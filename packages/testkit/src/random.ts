import { numberWithin, wholeNumber } from "./options.ts";

/** Random numbers that are the same in every run with the same seed, on every platform. Not for secrets. */
export interface Random {
  /** What to print when a test fails: the same seed gives the same run. */
  readonly seed: number;
  /** From 0 up to, not including, 1; a multiple of 2^-32. */
  unit(): number;
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  /** True with this probability, 0 to 1. Takes one number from the sequence whatever the probability is. */
  chance(probability: number): boolean;
  /** One of the items. Throws `RangeError` when there are none. */
  pick<Item>(items: readonly Item[]): Item;
  /** So many random bytes. */
  bytes(count: number): Uint8Array;
  /**
   * A generator of its own for one part of a test. It depends on the seed and the label alone, not on how much has been
   * drawn: more traffic one way does not change what happens the other way.
   */
  fork(label: string): Random;
}

/**
 * A generator for the seed, a whole number from 0 to 2^32 - 1.
 * It is sfc32 (Chris Doty-Humphrey's Small Fast Chaotic generator of PractRand): 128 bits of state of which 32 count, so
 * that no seed has a short cycle.
 */
export function createRandom(seed: number): Random {
  return new SmallFastChaotic(wholeNumber("seed", seed, 0, 0xffff_ffff));
}

class SmallFastChaotic implements Random {
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.seed = seed;
    // The seed's bits are spread first, so that seeds 1 and 2 have nothing in common.
    this.#a = scatter(seed);
    this.#b = scatter(seed + 0x9e37_79b9);
    this.#c = scatter(seed + 0x3c6e_f372);
    for (let i = 0; i < 12; i += 1) this.#next();
  }

  unit(): number {
    return this.#next() / 2 ** 32;
  }

  integer(least: number, most: number): number {
    wholeNumber("least", least, -(2 ** 31), 2 ** 31);
    wholeNumber("most", most, least, 2 ** 31);
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < numberWithin("probability", probability, 0, 1);
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError("there is nothing to pick from");
    return items[this.integer(0, items.length - 1)] as Item;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) bytes[i] = this.#next() & 0xff;
    return bytes;
  }

  fork(label: string): Random {
    // FNV-1a over the label, begun at the seed.
    let hash = (0x811c_9dc5 ^ this.seed) >>> 0;
    for (const character of label) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193) >>> 0;
    return new SmallFastChaotic(scatter(hash));
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** A finalizer of MurmurHash3's kind: every bit of the input changes half the bits of the output. */
function scatter(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
