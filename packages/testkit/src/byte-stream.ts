/**
 * One end of a byte stream, as tests need it: a socket of the operating system or one in memory. Pull-based: what is not
 * read stays where it is, and a writer that waits for `write` feels it.
 */
export interface ByteStream {
  /** Resolves when more may be written. Rejects when the stream was reset or this side has ended. */
  write(bytes: Uint8Array): Promise<void>;
  /** Half-close: nothing more comes from this side, which can still read. */
  end(): void;
  /** The next bytes, at least one; undefined when the other side has ended. Rejects when the stream was reset. One at a time. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends both ways at once, without a goodbye; the other side sees a reset. */
  reset(): void;
}

/** The stream is gone without an end: what the operating system calls ECONNRESET. */
export class StreamResetError extends Error {
  override readonly name = "StreamResetError";

  constructor(message = "the stream was reset", options?: { readonly cause?: unknown }) {
    super(message, options);
  }
}
