/** How messages are cut out of a byte stream, and how one becomes bytes again. `In` is what is read, `Out` what is written. */
export interface Codec<In, Out = In> {
  /** A decoder for one stream, from its first byte. */
  decoder(): Decoder<In>;
  /**
   * The whole frame of one message, ready to be written.
   * @throws {EncodeError} when the message cannot be framed; nothing of it has been written then.
   */
  encode(message: Out): Uint8Array;
  /** Present when every frame is text: the same frame as a string, cheaper to join with others for one write. */
  readonly encodeText?: (message: Out) => string;
}

/**
 * One stream being cut into messages. Bytes are pushed in, events are pulled out: whoever is not ready for the next
 * message does not call `next`. It never throws on input, and events do not depend on how the stream was split.
 */
export interface Decoder<Message> {
  /** Takes the next bytes of the stream. They belong to the decoder from here on; messages may be views of them. */
  push(bytes: Uint8Array): void;
  /** The peer ended its side. An unfinished frame becomes `lost` with FRAME_TRUNCATED, never a message. */
  end(): void;
  /** The next event, or undefined: more bytes are needed. After `lost` nothing comes. */
  next(): DecodeEvent<Message> | undefined;
  /**
   * Present where it is cheaper than `next`: the next message without an event around it. Undefined says nothing but that
   * `next` has to be asked: for an error, for more bytes, or for a message that has to be looked at more closely.
   */
  nextMessage?(): Message | undefined;
  /**
   * Bytes held. 0 between frames, and then `next` has nothing to give unless the stream ended. While `next` has not yet returned undefined, frames that were already given out may be
   * counted too; inside an overlong line that is being skipped it is 1, though nothing of the line is held.
   */
  readonly pendingBytes: number;
}

/** What a decoder found. */
export type DecodeEvent<Message> =
  | { readonly kind: "message"; readonly message: Message }
  /** This frame is bad; the next one may be fine. */
  | { readonly kind: "bad"; readonly error: FrameError }
  /** Where the next frame begins is unknown, or the stream is over. Terminal. */
  | { readonly kind: "lost"; readonly error: FrameError };

/** Why a frame is no message. A value, not an exception: what a peer sends is expected to be wrong at times. */
export interface FrameError {
  readonly code: FrameErrorCode;
  /** For people, with the figures in it. */
  readonly message: string;
}

/**
 * - `FRAME_TOO_LONG`: longer than the limit.
 * - `FRAME_TRUNCATED`: the stream ended inside the frame.
 * - `INVALID_UTF8`: the line is not UTF-8.
 */
export type FrameErrorCode = "FRAME_TOO_LONG" | "FRAME_TRUNCATED" | "INVALID_UTF8";

/** A message that cannot be framed: sent as it is, the peer would read something else. */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
  readonly code: EncodeErrorCode;

  constructor(code: EncodeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * - `DELIMITER_IN_MESSAGE`: a line contains LF or CR and would be read as two.
 * - `MESSAGE_TOO_LONG`: longer than the limit.
 * - `INVALID_TEXT`: half of a surrogate pair, which has no UTF-8.
 * - `EMPTY_MESSAGE`: zero bytes as a chunk are nothing at all.
 */
export type EncodeErrorCode = "DELIMITER_IN_MESSAGE" | "MESSAGE_TOO_LONG" | "INVALID_TEXT" | "EMPTY_MESSAGE";
