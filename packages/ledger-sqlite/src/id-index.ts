/**
 * Where a command may have been recorded under an id: a hash table of 8 bytes a slot, between 3/8 and 3/4 full, so 11 to
 * 21 bytes of memory a command, for ever. It keeps places in the order and halves of 64-bit hashes, not ids: what it names
 * has to be read and compared. With n commands, one look-up in 2^40 / n names a wrong one.
 *
 * The table is in 256 parts, by the other half of the hash, that grow by themselves: the longest pause is a 256th.
 */
export class IdIndex {
  readonly #parts: Part[] = Array.from({ length: 256 }, () => new Part());

  /** @param low,high The halves of the hash. @param seq The place in the order, 1 to 2^32 - 1. */
  add(low: number, high: number, seq: number): void {
    this.#parts[low & 0xff]!.add(high, seq);
  }

  /** The places in the order that an id with this hash may have been recorded at: nearly always one or none. */
  candidates(low: number, high: number): readonly number[] {
    return this.#parts[low & 0xff]!.candidates(high);
  }
}

/** Open addressing: a slot is a place in the order, 0 in an empty one, and half of a hash. */
class Part {
  #slots = new Uint32Array(2 * 16);
  #count = 0;

  add(half: number, seq: number): void {
    if (8 * (this.#count + 1) > 3 * this.#slots.length) this.#grow();
    this.#put(half, seq);
    this.#count += 1;
  }

  candidates(half: number): readonly number[] {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let found: number[] | undefined;
    for (let at = (2 * half) & mask; slots[at] !== 0; at = (at + 2) & mask) {
      if (slots[at + 1] === half) (found ??= []).push(slots[at]!);
    }
    return found ?? NONE;
  }

  #put(half: number, seq: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (2 * half) & mask;
    while (slots[at] !== 0) at = (at + 2) & mask;
    slots[at] = seq;
    slots[at + 1] = half;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) if (old[at] !== 0) this.#put(old[at + 1]!, old[at]!);
  }
}

const NONE: readonly number[] = [];
