/** Bytes that grow at their end. Numbers are little-endian, variable ones LEB128: seven bits a byte, the lowest first. */
export class ByteWriter {
  #buffer: Uint8Array;
  #length = 0;

  /** @param capacity How many bytes there is room for at first. */
  constructor(capacity = 65_536) {
    this.#buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written from a place on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** What was written, as a view that is valid until something more is. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** One byte, 0 to 255. */
  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A whole number, 0 to 2^53 - 1. */
  number(value: number): void {
    this.#reserve(8);
    const buffer = this.#buffer;
    let at = this.#length;
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
    buffer[at++] = rest;
    this.#length = at;
  }

  /** Any whole number, 0 or more, in the same form. */
  bigint(value: bigint): void {
    let rest = value;
    let low = Number(rest);
    for (; low > Number.MAX_SAFE_INTEGER; low = Number(rest)) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.number(low);
  }

  /** A text of ASCII, without its length. @throws RangeError for another, of which nothing is written. */
  ascii(text: string): void {
    if (!this.#writeAscii(text)) throw new RangeError(`${JSON.stringify(text)} is not ASCII`);
  }

  /** A text in UTF-8 and its length in bytes. */
  text(text: string): void {
    const before = this.#length;
    this.number(text.length);
    if (this.#writeAscii(text)) return;
    this.#length = before;
    const bytes = ENCODER.encode(text);
    this.number(bytes.length);
    this.bytes(bytes);
  }

  /** Most texts are: a loop over them costs less than a call of the encoder. @returns false for another, of which nothing is written. */
  #writeAscii(text: string): boolean {
    const { length } = text;
    this.#reserve(length);
    const buffer = this.#buffer;
    const start = this.#length;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      buffer[start + index] = unit;
    }
    this.#length = start + length;
    return true;
  }

  /** Bytes as they are, without their length. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Leaves room, to be filled in later. */
  skip(bytes: number): void {
    this.#reserve(bytes);
    this.#length += bytes;
  }

  /** Fills in two bytes of the room that was left at a place, with a number below 2^16. */
  fill16(at: number, value: number): void {
    this.#buffer[at] = value & 0xff;
    this.#buffer[at + 1] = value >> 8;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(2 * (this.#length + bytes));
    larger.set(this.view());
    this.#buffer = larger;
  }
}

const ENCODER = new TextEncoder();
