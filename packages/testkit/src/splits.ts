import { refuseUnknownKeys, wholeNumber } from "./options.ts";
import { createRandom, type Random } from "./random.ts";

/** One way in which a stream may arrive. The pieces joined are the stream. */
export interface Split {
  /** Says how it was cut, with the seed where there is one: `"at index 7"`, `"random, seed 3"`. */
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

/** How many random cuts to try, and up to what size every index is tried. */
export interface SplitOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Random ways to cut, 0 to 10000. Default 20. */
  readonly randomSplits?: number;
  /**
   * Streams of more bytes than this are cut at random indexes only, this many of them: the work of trying all grows
   * with the square of the stream. Default 2048.
   */
  readonly maxIndexes?: number;
}

/**
 * Every way to cut a stream that finds bugs: whole, byte by byte, in two at every index, with empty pieces between, and
 * in random sizes. Lazy: a test may stop at the first that fails.
 */
export function* splitsOf(stream: Uint8Array, options: SplitOptions = {}): Generator<Split, void, undefined> {
  refuseUnknownKeys("splitsOf", options, ["seed", "randomSplits", "maxIndexes"]);
  const random = createRandom(options.seed ?? 1);
  const randomSplits = wholeNumber("randomSplits", options.randomSplits ?? 20, 0, 10_000);
  const maxIndexes = wholeNumber("maxIndexes", options.maxIndexes ?? 2048, 1, 2 ** 20);

  yield { name: "whole", pieces: [stream] };
  yield { name: "byte by byte", pieces: byteByByte(stream) };
  yield { name: "byte by byte, with empty pieces", pieces: byteByByte(stream).flatMap((byte) => [NOTHING, byte]) };
  for (let i = 1; i < stream.length && i <= maxIndexes; i += 1) {
    const index = stream.length > maxIndexes ? random.integer(1, stream.length - 1) : i;
    yield { name: `at index ${index}`, pieces: cutAt(stream, [index]) };
  }
  for (let i = 0; i < randomSplits; i += 1) {
    const fork = random.fork(`split ${i}`);
    yield { name: `random, seed ${fork.seed}`, pieces: randomPieces(stream, fork) };
  }
}

/** The stream in pieces of one byte. */
export function byteByByte(stream: Uint8Array): Uint8Array[] {
  return Array.from(stream, (_, i) => stream.subarray(i, i + 1));
}

/** The stream cut before each of these indexes, in any order; indexes from 0 to the stream's length, both giving no piece. */
export function cutAt(stream: Uint8Array, indexes: readonly number[]): Uint8Array[] {
  for (const index of indexes) wholeNumber("index", index, 0, stream.length);
  const ends = [...new Set(indexes), stream.length].toSorted((a, b) => a - b);
  return ends.map((end, i) => stream.subarray(i === 0 ? 0 : ends[i - 1], end)).filter((piece) => piece.length > 0);
}

/** The stream in pieces of random sizes. Every piece has at least a byte; most are short, some are long. */
export function randomPieces(stream: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < stream.length; start += pieces.at(-1)?.length ?? 0) {
    const most = random.chance(0.8) ? 8 : Math.max(8, stream.length - start);
    pieces.push(stream.subarray(start, start + random.integer(1, most)));
  }
  return pieces;
}

/** The pieces as one, as the network joins what was written apart. */
export function coalesced(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let length = 0;
  for (const piece of pieces) {
    joined.set(piece, length);
    length += piece.length;
  }
  return joined;
}

const NOTHING = new Uint8Array(0);
