import { numberWithin, refuseUnknownKeys } from "./options.ts";
import type { Random } from "./random.ts";

/** What happens to datagrams going one way. Chances are from 0 (the default) to 1, of each datagram, independent of each other. */
export interface DatagramFaults {
  /** It does not arrive. */
  readonly lossChance?: number;
  /** It arrives twice. */
  readonly duplicateChance?: number;
  /** It waits until the next one that way has gone. The last of all waits until `release`, so a caller has to send again. */
  readonly reorderChance?: number;
  /** One bit of it is flipped. */
  readonly corruptChance?: number;
  /** A forgery goes before it: a copy with its last bit flipped, from an address that is not the sender's. */
  readonly spoofChance?: number;
  /** How late it arrives, 0 (the default) to 600000, and how much later at random, which reorders too. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
}

/** What was done to datagrams going one way. `received + duplicated + spoofed = forwarded + lost + held`. */
export interface DatagramCounts {
  readonly received: number;
  readonly forwarded: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
  readonly spoofed: number;
  /** Waiting for the next one; 0 or 1. */
  readonly held: number;
}

/** A datagram on its way after the faults. */
export interface Delivery {
  /** A copy of its own. */
  readonly bytes: Uint8Array;
  readonly delayMs: number;
  /** A forgery: to be sent from elsewhere. */
  readonly isSpoofed: boolean;
  /** Which of the datagrams that were passed it is or imitates, from 0. */
  readonly index: number;
}

/**
 * The faults of one direction. For each datagram it draws the same random numbers whatever the faults are, so that
 * changing one chance leaves what the others do as it was.
 */
export class DatagramFaultLine {
  readonly #random: Random;
  #faults: DatagramFaults = {};
  #held: Delivery[] = [];
  readonly #counts = { received: 0, forwarded: 0, lost: 0, duplicated: 0, reordered: 0, corrupted: 0, spoofed: 0 };

  constructor(random: Random, faults: DatagramFaults = {}) {
    this.#random = random;
    this.setFaults(faults);
  }

  get counts(): DatagramCounts {
    return { ...this.#counts, held: this.#held.length };
  }

  /** Applies to the datagrams after this. */
  setFaults(faults: DatagramFaults): void {
    this.#faults = validatedDatagramFaults(faults);
  }

  /** What goes out now that this came in, in order. */
  pass(bytes: Uint8Array): Delivery[] {
    const faults = this.#faults;
    const isLost = this.#random.chance(faults.lossChance ?? 0);
    const isDuplicated = this.#random.chance(faults.duplicateChance ?? 0);
    const isReordered = this.#random.chance(faults.reorderChance ?? 0);
    const isCorrupted = this.#random.chance(faults.corruptChance ?? 0);
    const isSpoofed = this.#random.chance(faults.spoofChance ?? 0);
    const lateness = [this.#random.unit(), this.#random.unit(), this.#random.unit()];
    const place = this.#random.unit();

    const index = this.#counts.received;
    this.#counts.received += 1;
    const delivery = (content: Uint8Array, copy: number, isForged: boolean): Delivery => ({
      bytes: content,
      delayMs: (faults.delayMs ?? 0) + Math.round((lateness[copy] ?? 0) * (faults.jitterMs ?? 0)),
      isSpoofed: isForged,
      index,
    });

    const out: Delivery[] = [];
    if (isSpoofed) {
      this.#counts.spoofed += 1;
      out.push(delivery(withBitFlipped(bytes, bytes.length * 8 - 1), 2, true));
    }
    if (isLost) {
      this.#counts.lost += 1;
    } else {
      const isFlipped = isCorrupted && bytes.length > 0;
      const content = isFlipped ? withBitFlipped(bytes, Math.floor(place * bytes.length * 8)) : new Uint8Array(bytes);
      if (isFlipped) this.#counts.corrupted += 1;
      const genuine = delivery(content, 0, false);
      // A second one is not held: then nothing would be left to overtake the first.
      if (isReordered && this.#held.length === 0) {
        this.#counts.reordered += 1;
        this.#held.push(genuine);
        if (isDuplicated) out.push(this.#duplicate(genuine, lateness[1] ?? 0));
        this.#counts.forwarded += out.length;
        return out;
      }
      out.push(genuine);
      if (isDuplicated) out.push(this.#duplicate(genuine, lateness[1] ?? 0));
    }
    this.#counts.forwarded += out.length;
    return [...out, ...this.release()];
  }

  /** What is still held back. */
  release(): Delivery[] {
    const held = this.#held;
    this.#held = [];
    this.#counts.forwarded += held.length;
    return held;
  }

  #duplicate(genuine: Delivery, lateness: number): Delivery {
    this.#counts.duplicated += 1;
    const delayMs = (this.#faults.delayMs ?? 0) + Math.round(lateness * (this.#faults.jitterMs ?? 0));
    return { ...genuine, bytes: new Uint8Array(genuine.bytes), delayMs };
  }
}

/** A copy with one bit the other way; bit 0 is the highest of the first byte. Empty stays empty. */
function withBitFlipped(bytes: Uint8Array, bit: number): Uint8Array {
  // Not `slice`: that of a Buffer is no copy.
  const copy = new Uint8Array(bytes);
  if (copy.length > 0) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return copy;
}

/** A copy of the faults. Throws on what makes no sense. */
export function validatedDatagramFaults(faults: DatagramFaults): DatagramFaults {
  refuseUnknownKeys("datagram faults", faults, [...chances, ...times]);
  for (const name of chances) numberWithin(name, faults[name] ?? 0, 0, 1);
  for (const name of times) numberWithin(name, faults[name] ?? 0, 0, 600_000);
  return { ...faults };
}

const chances = ["lossChance", "duplicateChance", "reorderChance", "corruptChance", "spoofChance"] as const;
const times = ["delayMs", "jitterMs"] as const;
