import { numberWithin, refuseUnknownKeys, wholeNumber } from "./options.ts";
import type { Random } from "./random.ts";
import { coalesced } from "./splits.ts";

/**
 * What happens to the bytes going one way through a stream. Counts of bytes are since the stream was opened, whole
 * numbers up to 2^30; a fault "after n bytes" happens as soon as n bytes have gone through, with 0 at the first byte,
 * which is how the peer's reply is seen coming and stopped. Absent means: does not happen.
 */
export interface StreamFaults {
  /** Pieces of at most so many bytes, each written by itself; 1 is byte by byte. */
  readonly splitBytes?: number;
  /** Nothing goes on until so many bytes are together, or the side ends; at most 1048576. */
  readonly coalesceBytes?: number;
  /** How late each piece arrives, 0 to 600000, in order, and how much later at random. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** The chance of each byte to have a bit flipped, 0 to 1. */
  readonly corruptChance?: number;
  /** No more goes on and no more is read, until the faults are changed. */
  readonly stallAfterBytes?: number;
  /** Both ways are reset. */
  readonly resetAfterBytes?: number;
  /** This way ends, the other stays open; what comes after is thrown away. */
  readonly endAfterBytes?: number;
  /** What comes after is read and thrown away, and the end is too: a peer that has vanished. */
  readonly discardAfterBytes?: number;
}

/** What was done to the bytes of one way. `receivedBytes = forwardedBytes + discardedBytes + heldBytes`. */
export interface StreamCounts {
  readonly receivedBytes: number;
  readonly forwardedBytes: number;
  readonly discardedBytes: number;
  /** Waiting for company, or for a stall to end. */
  readonly heldBytes: number;
  /** Writes that the bytes went out in. */
  readonly pieces: number;
  readonly corruptedBytes: number;
  readonly stalls: number;
  readonly resets: number;
  /** Ends that were made; one that the peer made itself is not counted. */
  readonly ends: number;
}

/** What to do next, in this order, each `delayMs` after it was asked for. */
export type StreamAction =
  | { readonly kind: "write"; readonly bytes: Uint8Array; readonly delayMs: number }
  | { readonly kind: "end"; readonly delayMs: number }
  | { readonly kind: "reset"; readonly delayMs: number };

/**
 * The faults of one way of one stream. A state machine: bytes go in with `push`, actions come out.
 * Open, until `end` or `reset` has come out; then everything is thrown away. While `isStalled`, do not push.
 * Invariant: received = forwarded + discarded + held.
 */
export class StreamFaultLine {
  readonly #random: Random;
  #faults: StreamFaults = {};
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #hasEnded = false;
  #isClosed = false;
  #isStalled = false;
  #passedBytes = 0;
  readonly #counts = {
    receivedBytes: 0,
    forwardedBytes: 0,
    discardedBytes: 0,
    pieces: 0,
    corruptedBytes: 0,
    stalls: 0,
    resets: 0,
    ends: 0,
  };

  constructor(random: Random, faults: StreamFaults = {}) {
    this.#random = random;
    this.#faults = validatedStreamFaults(faults);
  }

  get counts(): StreamCounts {
    return { ...this.#counts, heldBytes: this.#heldBytes };
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Applies to the bytes after this, and to those held back: gives what they now do. */
  setFaults(faults: StreamFaults): StreamAction[] {
    this.#faults = validatedStreamFaults(faults);
    this.#isStalled = false;
    return this.#proceed();
  }

  push(bytes: Uint8Array): StreamAction[] {
    if (bytes.length === 0) return [];
    this.#counts.receivedBytes += bytes.length;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#proceed();
  }

  /** The side has ended. */
  end(): StreamAction[] {
    this.#hasEnded = true;
    return this.#proceed();
  }

  #proceed(): StreamAction[] {
    const actions: StreamAction[] = [];
    if (this.#isClosed) this.#discard(this.#takeHeld());
    if (this.#isClosed || this.#isStalled) return actions;
    if (this.#heldBytes > 0 && (this.#hasEnded || this.#heldBytes >= (this.#faults.coalesceBytes ?? 0))) {
      this.#forward(this.#takeHeld(), actions);
    }
    if (this.#hasEnded && this.#passedBytes >= (this.#faults.stallAfterBytes ?? Infinity)) this.#isStalled = true;
    if (this.#hasEnded && !this.#isStalled && !this.#isClosed && !this.#isVanished()) {
      this.#isClosed = true;
      actions.push({ kind: "end", delayMs: this.#delayMs() });
    }
    return actions;
  }

  /** Loops once per fault passed at most: each closes the line, stalls it, or throws the rest away. */
  #forward(bytes: Uint8Array, actions: StreamAction[]): void {
    const { kind, atByte } = this.#nextStop();
    const room = Math.max(0, atByte - this.#passedBytes);
    const going = bytes.subarray(0, room);
    const rest = bytes.subarray(going.length);
    this.#write(going, actions);
    this.#passedBytes += going.length;
    if (this.#passedBytes < atByte) return;

    if (kind === "stall" && rest.length > 0) {
      this.#isStalled = true;
      this.#counts.stalls += 1;
      this.#held = [rest];
      this.#heldBytes = rest.length;
      return;
    }
    if (kind === "reset" || kind === "end") {
      this.#isClosed = true;
      this.#counts[kind === "end" ? "ends" : "resets"] += 1;
      actions.push({ kind, delayMs: this.#delayMs() });
    }
    this.#discard(rest);
  }

  #write(bytes: Uint8Array, actions: StreamAction[]): void {
    const pieceBytes = this.#faults.splitBytes ?? Math.max(1, bytes.length);
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const piece = this.#corrupted(bytes.slice(start, start + pieceBytes));
      this.#counts.pieces += 1;
      this.#counts.forwardedBytes += piece.length;
      actions.push({ kind: "write", bytes: piece, delayMs: this.#delayMs() });
    }
  }

  #corrupted(piece: Uint8Array): Uint8Array {
    const chance = this.#faults.corruptChance ?? 0;
    if (chance === 0) return piece;
    for (let i = 0; i < piece.length; i += 1) {
      if (!this.#random.chance(chance)) continue;
      piece[i] = (piece[i] ?? 0) ^ (1 << this.#random.integer(0, 7));
      this.#counts.corruptedBytes += 1;
    }
    return piece;
  }

  /** The first byte at which the stream stops being forwarded, and how. */
  #nextStop(): { readonly kind: "stall" | "reset" | "end" | "discard"; readonly atByte: number } {
    const { stallAfterBytes, resetAfterBytes, endAfterBytes, discardAfterBytes } = this.#faults;
    let stop: { kind: "stall" | "reset" | "end" | "discard"; atByte: number } = { kind: "stall", atByte: Infinity };
    if (discardAfterBytes !== undefined) stop = { kind: "discard", atByte: discardAfterBytes };
    if (endAfterBytes !== undefined && endAfterBytes <= stop.atByte) stop = { kind: "end", atByte: endAfterBytes };
    if (resetAfterBytes !== undefined && resetAfterBytes <= stop.atByte) {
      stop = { kind: "reset", atByte: resetAfterBytes };
    }
    if (stallAfterBytes !== undefined && stallAfterBytes < stop.atByte) {
      stop = { kind: "stall", atByte: stallAfterBytes };
    }
    return stop;
  }

  #isVanished(): boolean {
    return this.#passedBytes >= (this.#faults.discardAfterBytes ?? Infinity);
  }

  #delayMs(): number {
    const { delayMs = 0, jitterMs = 0 } = this.#faults;
    return jitterMs === 0 ? delayMs : delayMs + this.#random.integer(0, jitterMs);
  }

  #takeHeld(): Uint8Array {
    const bytes = coalesced(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  #discard(bytes: Uint8Array): void {
    this.#counts.discardedBytes += bytes.length;
  }
}

/** A copy of the faults. Throws on what makes no sense. */
export function validatedStreamFaults(faults: StreamFaults): StreamFaults {
  refuseUnknownKeys("stream faults", faults, [...thresholds, ...times, "splitBytes", "coalesceBytes", "corruptChance"]);
  for (const name of thresholds) wholeNumber(name, faults[name] ?? 0, 0, 2 ** 30);
  for (const name of times) wholeNumber(name, faults[name] ?? 0, 0, 600_000);
  wholeNumber("splitBytes", faults.splitBytes ?? 1, 1, 2 ** 30);
  wholeNumber("coalesceBytes", faults.coalesceBytes ?? 0, 0, 2 ** 20);
  numberWithin("corruptChance", faults.corruptChance ?? 0, 0, 1);
  return { ...faults };
}

const thresholds = ["stallAfterBytes", "resetAfterBytes", "endAfterBytes", "discardAfterBytes"] as const;
const times = ["delayMs", "jitterMs"] as const;
