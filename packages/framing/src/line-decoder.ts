import { ChunkQueue } from "./chunk-queue.ts";
import type { DecodeEvent, Decoder, FrameError } from "./codec.ts";
import { GrowingBytes } from "./growing-bytes.ts";

/**
 * Cuts a stream into lines.
 *
 * Received bytes pass through three places, each byte once, so the work is O(n) for any split:
 *
 *     #waiting (chunks as pushed)  →  #part (ends with LF: whole lines)  →  given out line by line
 *                                  ↘  #tail (no LF yet, at most maxLineBytes)
 *
 * A chunk is cut at its last LF. LF never occurs inside a multi-byte character, so the part before it can be decoded at
 * once, which is six times cheaper than line by line. Only a part that is not UTF-8 is taken apart by bytes, to find out
 * which lines are bad. Invariants: at most one of `#text` and `#part` is in use; `#tail` contains no LF; while
 * `#isSkipping`, `#tail` is empty.
 */
export class LineDecoder implements Decoder<string> {
  readonly #maxLineBytes: number;
  readonly #onTooLong: "skip" | "close";

  readonly #waiting = new ChunkQueue();
  readonly #tail = new GrowingBytes();
  /** Inside an overlong line that was already reported. */
  #isSkipping = false;

  /** Whole lines as text, given out up to `#textAt`. */
  #text = "";
  #textAt = 0;
  #textBytes = 0;
  /** Whole lines as bytes, given out up to `#partAt`. */
  #part: Uint8Array | undefined;
  #partAt = 0;

  #isEnded = false;
  #isLost = false;

  constructor(maxLineBytes: number, onTooLong: "skip" | "close") {
    this.#maxLineBytes = maxLineBytes;
    this.#onTooLong = onTooLong;
  }

  get pendingBytes(): number {
    const partBytes = this.#part === undefined ? 0 : this.#part.length - this.#partAt;
    const bytes = this.#waiting.bytes + this.#tail.length + this.#textBytes + partBytes;
    return bytes === 0 && this.#isSkipping ? 1 : bytes;
  }

  push(bytes: Uint8Array): void {
    if (!this.#isEnded && !this.#isLost) this.#waiting.push(bytes);
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): DecodeEvent<string> | undefined {
    if (this.#isLost) return undefined;
    for (;;) {
      if (this.#textBytes > 0) {
        const message = this.nextMessage();
        return message === undefined ? this.#skipOfText() : { kind: "message", message };
      }
      if (this.#part !== undefined) return this.#nextOfPart(this.#part);
      const chunk = this.#waiting.take();
      if (chunk === undefined) break;
      const event = this.#take(chunk);
      if (event !== undefined) return event;
    }
    if (this.#isEnded && this.#tail.length > 0) {
      const message = `stream ended after ${this.#tail.length} bytes of a line, before its end`;
      return this.#lose({ code: "FRAME_TRUNCATED", message });
    }
    return undefined;
  }

  /** Cuts a chunk into whole lines and the beginning of the next. Returns an event when that beginning is too long. */
  #take(bytes: Uint8Array): DecodeEvent<string> | undefined {
    let chunk = bytes;
    if (this.#isSkipping) {
      const end = chunk.indexOf(LF);
      if (end < 0) return undefined;
      this.#isSkipping = false;
      chunk = chunk.subarray(end + 1);
    }

    // Most reads end where a line does; a search that is over at once still costs a call.
    const wholeBytes = chunk[chunk.length - 1] === LF ? chunk.length : chunk.lastIndexOf(LF) + 1;
    if (wholeBytes > 0) {
      if (wholeBytes < chunk.length) {
        // What follows the last LF waits for the lines before it: it may be too long, and events keep their order.
        this.#waiting.putBack(chunk.subarray(wholeBytes));
        chunk = chunk.subarray(0, wholeBytes);
      }
      this.#takeWholeLines(chunk);
      return undefined;
    }

    if (this.#tail.length + chunk.length <= this.#maxLineBytes) {
      this.#tail.append(chunk);
      return undefined;
    }
    this.#tail.clear();
    this.#isSkipping = true;
    return this.#tooLong();
  }

  #takeWholeLines(lines: Uint8Array): void {
    let part = lines;
    if (this.#tail.length > 0) {
      this.#tail.append(lines);
      part = this.#tail.take();
    }
    try {
      this.#text = (part.length <= SHORT_BYTES ? shortText(part) : undefined) ?? decoder.decode(part);
      this.#textAt = 0;
      this.#textBytes = part.length;
    } catch {
      this.#part = part;
      this.#partAt = 0;
    }
  }

  nextMessage(): string | undefined {
    if (this.#textBytes === 0 && !this.#takeWholeChunk()) return undefined;
    const text = this.#text;
    const start = this.#textAt;
    const end = text.indexOf("\n", start);
    if (this.#textBytes > this.#maxLineBytes && this.#isOverlong(start, end)) return undefined;
    this.#passText(end);
    return text.slice(start, end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end);
  }

  /** The usual case: a read of whole lines, on a line's boundary. */
  #takeWholeChunk(): boolean {
    if (this.#waiting.bytes === 0 || this.#part !== undefined || this.#isSkipping) return false;
    const chunk = this.#waiting.take()!;
    if (chunk[chunk.length - 1] === LF) this.#takeWholeLines(chunk);
    else this.#waiting.putBack(chunk);
    return this.#textBytes > 0;
  }

  #skipOfText(): DecodeEvent<string> {
    this.#passText(this.#text.indexOf("\n", this.#textAt));
    return this.#tooLong();
  }

  /** The line that ends there is dealt with. */
  #passText(end: number): void {
    if (end + 1 < this.#text.length) {
      this.#textAt = end + 1;
    } else {
      this.#text = "";
      this.#textBytes = 0;
    }
  }

  #isOverlong(start: number, end: number): boolean {
    const units = end - start;
    if (units > this.#maxLineBytes) return true;
    // All ASCII, or at most 3 bytes to each UTF-16 unit: no need to count.
    if (this.#text.length === this.#textBytes || units * 3 <= this.#maxLineBytes) return false;
    return encoder.encode(this.#text.slice(start, end)).length > this.#maxLineBytes;
  }

  #nextOfPart(part: Uint8Array): DecodeEvent<string> {
    const start = this.#partAt;
    const end = part.indexOf(LF, start);
    this.#partAt = end + 1;
    if (this.#partAt === part.length) this.#part = undefined;

    if (end - start > this.#maxLineBytes) return this.#tooLong();
    try {
      const hasCr = end > start && part[end - 1] === CR;
      return { kind: "message", message: decoder.decode(part.subarray(start, hasCr ? end - 1 : end)) };
    } catch {
      return { kind: "bad", error: { code: "INVALID_UTF8", message: `line of ${end - start} bytes is not UTF-8` } };
    }
  }

  /** The figure is the least that is known at any split, so that the same stream always gives the same events. */
  #tooLong(): DecodeEvent<string> {
    const message = `line is at least ${this.#maxLineBytes + 1} bytes, limit is ${this.#maxLineBytes}`;
    const error: FrameError = { code: "FRAME_TOO_LONG", message };
    return this.#onTooLong === "skip" ? { kind: "bad", error } : this.#lose(error);
  }

  #lose(error: FrameError): DecodeEvent<string> {
    this.#isLost = true;
    this.#isSkipping = false;
    this.#waiting.clear();
    this.#tail.clear();
    this.#text = "";
    this.#textBytes = 0;
    this.#part = undefined;
    return { kind: "lost", error };
  }
}

/** For a word or two the way out of JavaScript, to the decoder, costs twice as much. @returns undefined when it is not ASCII. */
function shortText(bytes: Uint8Array): string | undefined {
  const units: number[] = [];
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return undefined;
    units.push(byte);
  }
  return String.fromCharCode(...units);
}

const SHORT_BYTES = 16;
const LF = 0x0a;
const CR = 0x0d;
const encoder = new TextEncoder();
// A byte order mark is kept: it is part of the line, and whoever reads the line shall see it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
