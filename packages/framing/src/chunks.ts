import { ChunkQueue } from "./chunk-queue.ts";
import { EncodeError, type Codec, type DecodeEvent, type Decoder } from "./codec.ts";
import { refuseUnknownKeys, wholeNumber } from "./options.ts";

/** How large a read may be. */
export interface ChunkOptions {
  /** Longest chunk in bytes; 1 to 2^24. Default 65536, the most that a socket gives in one read. */
  readonly maxChunkBytes?: number;
}

/**
 * Every read is a message. For streams that need no messages (echo, proxies), and for peers that send without any framing;
 * those work only as long as the network neither splits nor joins what was sent.
 */
export function chunks(options: ChunkOptions = {}): Codec<Uint8Array> {
  refuseUnknownKeys("chunks", options, ["maxChunkBytes"]);
  const maxChunkBytes = wholeNumber("maxChunkBytes", options.maxChunkBytes ?? 65_536, 1, 2 ** 24);

  return {
    decoder: () => new ChunkDecoder(maxChunkBytes),
    encode(message) {
      if (message.length === 0) throw new EncodeError("EMPTY_MESSAGE", "chunk is 0 bytes, must be at least 1");
      if (message.length > maxChunkBytes) {
        throw new EncodeError("MESSAGE_TOO_LONG", `chunk is ${message.length} bytes, limit is ${maxChunkBytes}`);
      }
      return message;
    },
  };
}

class ChunkDecoder implements Decoder<Uint8Array> {
  readonly #maxChunkBytes: number;
  readonly #waiting = new ChunkQueue();
  #isEnded = false;

  constructor(maxChunkBytes: number) {
    this.#maxChunkBytes = maxChunkBytes;
  }

  get pendingBytes(): number {
    return this.#waiting.bytes;
  }

  push(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#waiting.push(bytes);
  }

  end(): void {
    this.#isEnded = true;
  }

  nextMessage(): Uint8Array | undefined {
    const message = this.#waiting.take();
    if (message === undefined || message.length <= this.#maxChunkBytes) return message;
    this.#waiting.putBack(message);
    return undefined;
  }

  next(): DecodeEvent<Uint8Array> | undefined {
    const message = this.#waiting.take();
    if (message === undefined) return undefined;
    if (message.length <= this.#maxChunkBytes) return { kind: "message", message };
    const text = `chunk is ${message.length} bytes, limit is ${this.#maxChunkBytes}`;
    return { kind: "bad", error: { code: "FRAME_TOO_LONG", message: text } };
  }
}
