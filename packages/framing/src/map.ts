import type { Codec, DecodeEvent, Decoder } from "./codec.ts";

/** Both directions between the messages of two layers. */
export interface Mapping<InnerIn, InnerOut, In, Out> {
  /** Must not throw: a message that cannot be understood is a value of `In` that says so. */
  readonly decode: (message: InnerIn) => In;
  /** May throw an `EncodeError`. */
  readonly encode: (message: Out) => InnerOut;
}

/** The codec with its messages translated: text lines into commands, frames into records. */
export function map<InnerIn, InnerOut, In, Out>(
  codec: Codec<InnerIn, InnerOut>,
  mapping: Mapping<InnerIn, InnerOut, In, Out>,
): Codec<In, Out> {
  const { decode, encode } = mapping;
  const encodeText = codec.encodeText;
  return {
    decoder: () => new MappedDecoder(codec.decoder(), decode),
    encode: (message) => codec.encode(encode(message)),
    ...(encodeText === undefined ? {} : { encodeText: (message: Out) => encodeText(encode(message)) }),
  };
}

class MappedDecoder<Inner, Message> implements Decoder<Message> {
  readonly #inner: Decoder<Inner>;
  readonly #decode: (message: Inner) => Message;
  /** A message that `nextMessage` took and could not give out, because it is undefined. */
  #kept: DecodeEvent<Message> | undefined;

  constructor(inner: Decoder<Inner>, decode: (message: Inner) => Message) {
    this.#inner = inner;
    this.#decode = decode;
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes + (this.#kept === undefined ? 0 : 1);
  }

  push(bytes: Uint8Array): void {
    this.#inner.push(bytes);
  }

  end(): void {
    this.#inner.end();
  }

  nextMessage(): Message | undefined {
    if (this.#kept !== undefined) return undefined;
    const inner = this.#inner.nextMessage?.();
    if (inner === undefined) return undefined;
    const message = this.#decode(inner);
    if (message === undefined) this.#kept = { kind: "message", message };
    return message;
  }

  next(): DecodeEvent<Message> | undefined {
    const kept = this.#kept;
    if (kept !== undefined) {
      this.#kept = undefined;
      return kept;
    }
    const event = this.#inner.next();
    if (event?.kind !== "message") return event;
    return { kind: "message", message: this.#decode(event.message) };
  }
}
