import { ChunkQueue } from "./chunk-queue.ts";
import { EncodeError, type Codec, type DecodeEvent, type Decoder, type FrameError } from "./codec.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { oneOf, refuseUnknownKeys, wholeNumber } from "./options.ts";

/** How the length before each frame is written, and how long a frame may be. */
export interface LengthPrefixOptions {
  readonly prefixBytes: 2 | 4;
  /** Default `big`, the network's order. */
  readonly endian?: "big" | "little";
  /**
   * Longest frame in bytes without its prefix; 1 to what the prefix can say. Default 65536 (65535 with 2 bytes): every
   * peer may hold one, and libp2p's 4 MiB times a thousand peers would be 4 GiB.
   */
  readonly maxFrameBytes?: number;
}

/**
 * Frames of bytes, each after its length. An empty frame is a message. A longer frame than the limit loses the stream:
 * skipping up to 4 GiB is no service to anyone.
 *
 *     offset 0              prefixBytes        prefixBytes + length
 *            +--------------+------------------+
 *            | length       | message          |
 *            +--------------+------------------+
 */
export function lengthPrefixed(options: LengthPrefixOptions): Codec<Uint8Array> {
  refuseUnknownKeys("lengthPrefixed", options, ["prefixBytes", "endian", "maxFrameBytes"]);
  const prefixBytes = oneOf("prefixBytes", options.prefixBytes, [2, 4]);
  const isLittle = oneOf("endian", options.endian ?? "big", ["big", "little"]) === "little";
  const most = prefixBytes === 2 ? 0xffff : 0xffff_ffff;
  const maxFrameBytes = wholeNumber("maxFrameBytes", options.maxFrameBytes ?? Math.min(most, 65_536), 1, most);

  return {
    decoder: () => new LengthPrefixedDecoder(prefixBytes, isLittle, maxFrameBytes),
    encode(message) {
      if (message.length > maxFrameBytes) {
        throw new EncodeError("MESSAGE_TOO_LONG", `frame is ${message.length} bytes, limit is ${maxFrameBytes}`);
      }
      const frame = new Uint8Array(prefixBytes + message.length);
      const view = new DataView(frame.buffer);
      if (prefixBytes === 2) view.setUint16(0, message.length, isLittle);
      else view.setUint32(0, message.length, isLittle);
      frame.set(message, prefixBytes);
      return frame;
    },
  };
}

/**
 * Two states: reading the prefix (`#frameBytes` undefined), reading the frame. What is wanted of either is cut out of the
 * chunk at hand when it is all there, and gathered in `#gathered` when it is not.
 */
class LengthPrefixedDecoder implements Decoder<Uint8Array> {
  readonly #prefixBytes: 2 | 4;
  readonly #isLittle: boolean;
  readonly #maxFrameBytes: number;

  readonly #waiting = new ChunkQueue();
  readonly #gathered = new GrowingBytes();
  #frameBytes: number | undefined;
  #isEnded = false;
  #isLost = false;

  constructor(prefixBytes: 2 | 4, isLittle: boolean, maxFrameBytes: number) {
    this.#prefixBytes = prefixBytes;
    this.#isLittle = isLittle;
    this.#maxFrameBytes = maxFrameBytes;
  }

  get pendingBytes(): number {
    const prefixBytes = this.#frameBytes === undefined ? 0 : this.#prefixBytes;
    return this.#waiting.bytes + this.#gathered.length + prefixBytes;
  }

  push(bytes: Uint8Array): void {
    if (!this.#isEnded && !this.#isLost) this.#waiting.push(bytes);
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): DecodeEvent<Uint8Array> | undefined {
    if (this.#isLost) return undefined;

    if (this.#frameBytes === undefined) {
      const prefix = this.#take(this.#prefixBytes);
      if (prefix === undefined) return this.#truncatedIfEnded();
      const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
      const length = this.#prefixBytes === 2 ? view.getUint16(0, this.#isLittle) : view.getUint32(0, this.#isLittle);
      if (length > this.#maxFrameBytes) {
        return this.#lose({
          code: "FRAME_TOO_LONG",
          message: `frame is ${length} bytes, limit is ${this.#maxFrameBytes}`,
        });
      }
      this.#frameBytes = length;
    }

    const message = this.#take(this.#frameBytes);
    if (message === undefined) return this.#truncatedIfEnded();
    this.#frameBytes = undefined;
    return { kind: "message", message };
  }

  /** The next `count` bytes of the stream, or undefined when they have not all come. */
  #take(count: number): Uint8Array | undefined {
    for (;;) {
      const missing = count - this.#gathered.length;
      if (missing === 0) return this.#gathered.take();
      const chunk = this.#waiting.take();
      if (chunk === undefined) return undefined;

      if (chunk.length > missing) this.#waiting.putBack(chunk.subarray(missing));
      if (chunk.length >= count && this.#gathered.length === 0) return chunk.subarray(0, count);
      this.#gathered.append(chunk.subarray(0, missing));
    }
  }

  #truncatedIfEnded(): DecodeEvent<Uint8Array> | undefined {
    const received = this.pendingBytes;
    if (!this.#isEnded || received === 0) return undefined;
    const wanted = this.#prefixBytes + (this.#frameBytes ?? 0);
    const of =
      this.#frameBytes === undefined ? `the ${wanted} bytes of a prefix` : `a frame of ${wanted} with its prefix`;
    return this.#lose({ code: "FRAME_TRUNCATED", message: `stream ended after ${received} bytes of ${of}` });
  }

  #lose(error: FrameError): DecodeEvent<Uint8Array> {
    this.#isLost = true;
    this.#waiting.clear();
    this.#gathered.clear();
    this.#frameBytes = undefined;
    return { kind: "lost", error };
  }
}
