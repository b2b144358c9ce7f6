import { lines, type Decoder } from "@tallyline/framing";
import { MAX_LINE_BYTES } from "./plain-codec.ts";
import type { BankReply } from "./reply.ts";
import { ReplyLines } from "./reply-grammar.ts";
import type { BankRequest } from "./request.ts";
import { formatRequest } from "./request-grammar.ts";

/** What happened in a conversation in bank/1, seen by the client. */
export type BankConversationEvent<Context> =
  /** The answer to the oldest request without one. */
  | { readonly kind: "reply"; readonly reply: BankReply; readonly context: Context }
  /**
   * Nothing can be made of what came; the connection is of no more use, and what waits may have happened. `isForeign`: the
   * server does not speak bank/1, and will not the next time.
   */
  | { readonly kind: "lost"; readonly reason: string; readonly isForeign?: true };

/**
 * The client's side of a conversation in bank/1. Holds no socket and no timer: bytes come in, bytes and events go out.
 *
 * Replies are paired with requests by their order, and each carries a tag that has to be its request's: a reply that
 * went astray is never taken for another's. Invariant: the tags of those that wait are numbers that follow each other.
 *
 * @typeParam Context What the caller wants back with the reply.
 */
export class BankConversation<Context> {
  readonly #lines: Decoder<string> = lines({ maxLineBytes: MAX_LINE_BYTES, onTooLong: "close" }).decoder();
  readonly #replyLines = new ReplyLines();
  #waiting: { readonly tag: string | undefined; readonly context: Context }[] = [];
  #nextTag = 1;
  #isFirst = true;
  #isLost = false;
  readonly #events: BankConversationEvent<Context>[] = [];

  /** The bytes that begin the conversation; their reply comes first. */
  hello(context: Context): Uint8Array {
    this.#waiting.push({ tag: undefined, context });
    return new TextEncoder().encode(`${formatRequest({ verb: "hello", protocol: "bank/1" })}\n`);
  }

  /**
   * The bytes of a request.
   * @throws RangeError for a value that no request can hold.
   */
  request(request: BankRequest, context: Context): Uint8Array {
    const tag = this.#nextTag.toString(36);
    const line = formatRequest(request, tag);
    const bytes = new TextEncoder().encode(`${line}\n`);
    if (bytes.length > MAX_LINE_BYTES + 1) {
      throw new RangeError(`the request is ${bytes.length - 1} bytes, limit is ${MAX_LINE_BYTES}`);
    }
    this.#nextTag += 1;
    this.#waiting.push({ tag, context });
    return bytes;
  }

  /** Requests without a reply. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Takes bytes that arrived, in any split. */
  receive(bytes: Uint8Array): void {
    if (this.#isFirst && this.#refusesHello(bytes)) return;
    this.#lines.push(bytes);
    for (let event = this.#lines.next(); event !== undefined && !this.#isLost; event = this.#lines.next()) {
      if (event.kind === "message") this.#receiveLine(event.message);
      else this.#lose(`the server's reply cannot be read: ${event.error.message}`);
    }
  }

  /** The server ended its side. A reply that it had not finished is none. */
  end(): void {
    if (this.#waiting.length > 0) this.#lose("the server closed the connection without an answer");
  }

  /** What happened, in order; undefined when there is nothing more. */
  next(): BankConversationEvent<Context> | undefined {
    return this.#events.shift();
  }

  /** A server that does not know bank/1 may answer without a line ending, and would be waited for in vain. */
  #refusesHello(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return false;
    this.#isFirst = false;
    const begins = new TextDecoder().decode(bytes.subarray(0, FOREIGN.length));
    if (!FOREIGN.startsWith(begins) && !begins.startsWith(FOREIGN)) return false;
    this.#isLost = true;
    this.#events.push({ kind: "lost", reason: "the server does not speak bank/1", isForeign: true });
    return true;
  }

  #receiveLine(line: string): void {
    const tagged = this.#replyLines.push(line);
    if (tagged === undefined) return;
    if (typeof tagged === "string") return this.#lose(`the server sent what is no reply: ${tagged}`);
    const first = this.#waiting.shift();
    if (first === undefined) return this.#lose("the server answered what was not asked");
    if (first.tag !== tagged.tag) {
      return this.#lose(`the server answered #${tagged.tag ?? ""} where #${first.tag ?? ""} was due`);
    }
    this.#events.push({ kind: "reply", reply: tagged.reply, context: first.context });
  }

  #lose(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#events.push({ kind: "lost", reason });
  }
}

/** How the answer of a server begins that knows the plain dialect only. No reply of bank/1 begins with an I. */
const FOREIGN = "Invalid";
