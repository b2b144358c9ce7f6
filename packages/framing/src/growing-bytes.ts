/**
 * The received part of an unfinished frame. Copying it here lets go of the chunks it came in: a frame that arrives byte by
 * byte would otherwise be held as one object per byte. Capacity doubles, so appending n bytes costs O(n) however they are
 * split, and memory is taken for bytes that came, never for bytes that were announced.
 */
export class GrowingBytes {
  #bytes: Uint8Array = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, LEAST_CAPACITY));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  /** All bytes so far; they belong to the caller, and this is empty again. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.clear();
    return taken;
  }

  clear(): void {
    this.#bytes = EMPTY;
    this.#length = 0;
  }
}

const EMPTY = new Uint8Array(0);
const LEAST_CAPACITY = 64;
