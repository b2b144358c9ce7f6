import type { ByteStream } from "./byte-stream.ts";
import { coalesced } from "./splits.ts";

/** What a stream gave until it was over. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly ending: "end" | "reset";
}

/** Everything up to the end, or up to the reset. */
export async function readToEnd(stream: ByteStream): Promise<Received> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    try {
      const bytes = await stream.read();
      if (bytes === undefined) return { bytes: coalesced(pieces), ending: "end" };
      pieces.push(bytes);
    } catch {
      return { bytes: coalesced(pieces), ending: "reset" };
    }
  }
}

/** Reads exact amounts and keeps what came beyond them. */
export class ExactReader {
  readonly #stream: ByteStream;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** This many bytes, or fewer where the stream ends. Rejects when it is reset. */
  async take(count: number): Promise<Uint8Array> {
    const pieces = [this.#rest];
    let length = this.#rest.length;
    while (length < count) {
      const bytes = await this.#stream.read();
      if (bytes === undefined) break;
      pieces.push(bytes);
      length += bytes.length;
    }
    const all = coalesced(pieces);
    this.#rest = all.subarray(Math.min(count, all.length));
    return all.subarray(0, count);
  }
}

/** Writes the pieces one after the other; false when the stream was reset on the way, as a peer may do at any time. */
export async function writeAll(stream: ByteStream, pieces: readonly Uint8Array[]): Promise<boolean> {
  try {
    for (const piece of pieces) await stream.write(piece);
    return true;
  } catch {
    return false;
  }
}
