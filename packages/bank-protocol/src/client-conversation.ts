import { lines, type Decoder } from "@tallyline/framing";
import { MAX_LINE_BYTES, textOfChunk, type Framing } from "./plain-codec.ts";

/** What happened in a conversation, seen by the client. */
export type ConversationEvent =
  /**
   * The framing is known; requests may be sent. With `isBank` the server has begun bank/1 and takes no more requests of
   * the plain dialect on this connection: connect again, now that the framing is known.
   */
  | { readonly kind: "ready"; readonly framing: Framing; readonly isBank?: true }
  /** The server's answer to the oldest request without one. */
  | { readonly kind: "reply"; readonly text: string }
  /** Nothing can be made of what came; the connection is of no more use. */
  | { readonly kind: "lost"; readonly reason: string };

const LF = 0x0a;
const CR = 0x0d;
const HELLO = "hello bank/1";

/** A server that ends its lines sends the ending with the line; one that is this late does not end them. */
const SETTLE_MS = 200;

/**
 * The client's side of a conversation with a bank server whose framing it may not know. Holds no socket and no timer:
 * bytes and the time come in, bytes and events go out.
 *
 *     probing ── reply with a line ending ──────────────► line
 *        └────── reply without one for 200 ms, or an end ► chunk
 *
 * A server that answers `hello bank/1` without a line ending reads once and compares what it read: it is sent requests
 * without an ending, one at a time, and every read is a reply. Invariant: in chunk framing at most one request waits.
 */
export class ClientConversation {
  readonly #isGuess: boolean;
  #framing: Framing | undefined;
  #lines: Decoder<string> | undefined;
  #probed = ""; // what answered the hello, while it is not known whether a line ending follows
  #settleAtMs: number | undefined;
  #waiting = 0; // requests without a reply
  readonly #events: ConversationEvent[] = [];

  /** @param framing How the server tells requests apart; "auto" asks it first. */
  constructor(framing: Framing | "auto") {
    this.#isGuess = framing === "auto";
    if (framing !== "auto") this.#become(framing);
  }

  /** What to send as soon as the connection stands: the question about the framing, or nothing. */
  opening(): Uint8Array {
    return new TextEncoder().encode(this.#framing === undefined ? `${HELLO}\n` : "");
  }

  /** Undefined until `ready` has been told. */
  get framing(): Framing | undefined {
    return this.#framing;
  }

  /** When {@link wake} is due, on the clock of the `nowMs` that were passed in; undefined when nothing is awaited. */
  get wakeAtMs(): number | undefined {
    return this.#settleAtMs;
  }

  /**
   * The bytes of a request. In chunk framing the next one may be sent only after the reply.
   * @throws RangeError for a command that holds a line ending; Error when it is not the time to send.
   */
  request(command: string): Uint8Array {
    if (this.#framing === undefined) throw new Error("the server's framing is not known yet");
    if (/[\r\n]/.test(command)) throw new RangeError("a command holds a line ending, it would be taken for two");
    if (this.#framing === "chunk" && this.#waiting > 0) throw new Error("in chunk framing one request waits at a time");
    this.#waiting += 1;
    // An empty message cannot be sent as a chunk; a bare line ending says the same.
    return new TextEncoder().encode(this.#framing === "line" || command === "" ? `${command}\n` : command);
  }

  /** Takes bytes that arrived, in any split. */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#framing === undefined) this.#probe(bytes, nowMs);
    else if (this.#lines !== undefined) this.#receiveLines(bytes);
    else this.#receiveChunk(bytes);
  }

  /** The server ended its side. A reply that it had not finished is none. */
  end(): void {
    if (this.#framing === undefined && this.#probed !== "") this.#become("chunk");
    if (this.#waiting > 0) this.#lose("the server closed the connection without an answer");
    else if (this.#framing === undefined) this.#lose("the server closed the connection without a greeting");
  }

  /** The time given by {@link wakeAtMs} has come. */
  wake(nowMs: number): void {
    if (this.#settleAtMs !== undefined && nowMs >= this.#settleAtMs) this.#become("chunk");
  }

  /** What happened, in order; undefined when there is nothing more. */
  next(): ConversationEvent | undefined {
    return this.#events.shift();
  }

  #probe(bytes: Uint8Array, nowMs: number): void {
    this.#probed += new TextDecoder().decode(bytes);
    if (this.#probed.endsWith("\n")) this.#become("line", this.#probed.startsWith("OK HELLO "));
    else if (this.#probed.length > MAX_LINE_BYTES)
      this.#lose(`the server's greeting is longer than ${MAX_LINE_BYTES} bytes`);
    else this.#settleAtMs ??= nowMs + SETTLE_MS;
  }

  #become(framing: Framing, isBank = false): void {
    this.#framing = framing;
    this.#settleAtMs = undefined;
    if (framing === "line") this.#lines = lines({ maxLineBytes: MAX_LINE_BYTES, onTooLong: "close" }).decoder();
    this.#events.push({ kind: "ready", framing, ...(isBank && { isBank }) });
  }

  #receiveLines(bytes: Uint8Array): void {
    this.#lines!.push(bytes);
    for (let event = this.#lines!.next(); event !== undefined; event = this.#lines!.next()) {
      if (event.kind === "message") this.#reply(event.message);
      else this.#lose(`the server's reply cannot be read: ${event.error.message}`);
    }
  }

  #receiveChunk(bytes: Uint8Array): void {
    const isLateEnding = this.#isGuess && (bytes[0] === LF || bytes[0] === CR);
    if (isLateEnding) this.#lose("the server ends its lines after all, so its framing was misjudged");
    else this.#reply(textOfChunk(bytes));
  }

  #reply(text: string): void {
    if (this.#waiting === 0) {
      this.#lose(`the server sent ${JSON.stringify(text.slice(0, 80))} without being asked`);
      return;
    }
    this.#waiting -= 1;
    this.#events.push({ kind: "reply", text });
  }

  #lose(reason: string): void {
    this.#events.push({ kind: "lost", reason });
  }
}
