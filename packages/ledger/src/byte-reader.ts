/** Reads what {@link ByteWriter} wrote. @throws RangeError when it would read beyond the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** Where the next byte is. */
  get at(): number {
    return this.#at;
  }

  /** One byte. */
  byte(): number {
    if (this.#at >= this.#end) throw new RangeError(`a record ends at byte ${this.#end}, where more was expected`);
    return this.#bytes[this.#at++]!;
  }

  /** A whole number, 0 to 2^53 - 1. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** Any whole number, 0 or more, in the same form. */
  bigint(): bigint {
    const start = this.#at;
    let value = 0;
    let scale = 1;
    let byte = this.byte();
    for (let count = 0; byte >= 0x80; count += 1) {
      if (count === 6) return this.#longBigint(start);
      value += (byte & 0x7f) * scale;
      scale *= 128;
      byte = this.byte();
    }
    return BigInt(value + byte * scale);
  }

  /** A text in UTF-8 and its length in bytes. */
  text(): string {
    const [start, end] = this.#span();
    return DECODER.decode(this.#bytes.subarray(start, end));
  }

  /** Passes over a text. */
  skipText(): void {
    this.#span();
  }

  #span(): [start: number, end: number] {
    const length = this.number();
    const start = this.#at;
    if (length > this.#end - start)
      throw new RangeError(`a text of ${length} bytes at byte ${start} ends beyond its record`);
    this.#at += length;
    return [start, this.#at];
  }

  #longBigint(start: number): bigint {
    this.#at = start;
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
