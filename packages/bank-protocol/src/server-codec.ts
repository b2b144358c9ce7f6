import {
  chunks,
  EncodeError,
  lines,
  map,
  type Codec,
  type DecodeEvent,
  type Decoder,
  type FrameError,
} from "@tallyline/framing";
import { MAX_LINE_BYTES, textOfChunk, type Framing } from "./plain-codec.ts";
import { encodePlainReply, type PlainReply } from "./plain-reply.ts";
import { decodePlainRequest, type PlainRequest } from "./plain-request.ts";
import { textOfReply, type TaggedReply } from "./reply-grammar.ts";
import { parseRequest, type ParsedRequest } from "./request-grammar.ts";

/** What a line asks for, in the dialect that its connection speaks by then. */
export type BankMessage =
  | { readonly dialect: "plain"; readonly request: PlainRequest }
  | ({ readonly dialect: "bank/1" } & ParsedRequest);

/** An answer, in the dialect of its request. */
export type BankAnswer =
  | { readonly dialect: "plain"; readonly reply: PlainReply }
  | ({ readonly dialect: "bank/1" } & TaggedReply);

/**
 * Both dialects on one port, as a server reads and writes them. A connection speaks the plain dialect until the line
 * `hello bank/1`, which is itself a request of bank/1, and bank/1 from there on.
 *
 * Every line is a message: one that is too long or not UTF-8 is `Invalid command.` in the plain dialect, and a problem
 * in bank/1. The stream is lost only where it ends inside a line.
 *
 * @param framing "chunk" for clients that send without a line ending: every read is a request of the plain dialect, there
 *   is no bank/1, and answers have no line ending.
 */
export function bankServerCodec(framing: Framing = "line"): Codec<BankMessage, BankAnswer> {
  if (framing === "chunk") return chunkCodec();
  const inner = lines({ maxLineBytes: MAX_LINE_BYTES });
  return {
    decoder: () => new BankDecoder(inner.decoder()),
    encode: (answer) => new TextEncoder().encode(encodeAnswer(answer)),
    encodeText: encodeAnswer,
  };
}

function chunkCodec(): Codec<BankMessage, BankAnswer> {
  return map(chunks(), {
    decode: (bytes): BankMessage => ({ dialect: "plain", request: decodePlainRequest(textOfChunk(bytes)) }),
    encode: (answer: BankAnswer) => new TextEncoder().encode(encodeAnswer(answer).slice(0, -1)),
  });
}

/** The line that begins bank/1. Words stand apart and may be surrounded by blanks, as in the plain dialect. */
const HELLO = /^[ \t]*hello[ \t]+bank\/1[ \t]*$/;

class BankDecoder implements Decoder<BankMessage> {
  readonly #lines: Decoder<string>;
  #dialect: BankMessage["dialect"] = "plain";

  constructor(inner: Decoder<string>) {
    this.#lines = inner;
  }

  get pendingBytes(): number {
    return this.#lines.pendingBytes;
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
  }

  nextMessage(): BankMessage | undefined {
    const line = this.#lines.nextMessage?.();
    return line === undefined ? undefined : this.#read(line);
  }

  next(): DecodeEvent<BankMessage> | undefined {
    const event = this.#lines.next();
    if (event === undefined || event.kind === "lost") return event;
    return { kind: "message", message: event.kind === "message" ? this.#read(event.message) : this.#bad(event.error) };
  }

  #read(line: string): BankMessage {
    if (this.#dialect === "bank/1") return { dialect: "bank/1", ...parseRequest(line) };
    if (!HELLO.test(line)) return { dialect: "plain", request: decodePlainRequest(line) };
    this.#dialect = "bank/1";
    return { dialect: "bank/1", ok: true, tag: undefined, request: { verb: "hello", protocol: "bank/1" } };
  }

  #bad(error: FrameError): BankMessage {
    if (this.#dialect === "plain") return { dialect: "plain", request: { kind: "invalid-command" } };
    const code = error.code === "FRAME_TOO_LONG" ? "LINE_TOO_LONG" : "SYNTAX";
    return { dialect: "bank/1", ok: false, tag: undefined, problem: { code, text: `The ${error.message}.` } };
  }
}

function encodeAnswer(answer: BankAnswer): string {
  if (answer.dialect === "plain") return `${encodePlainReply(answer.reply)}\n`;
  const text = textOfReply(answer.reply, answer.tag);
  // A UTF-16 unit is at most 3 bytes of UTF-8, so most replies need no counting.
  if (text.length * 3 > MAX_LINE_BYTES) for (const line of text.split("\n")) refuseLongLine(line);
  return `${text}\n`;
}

function refuseLongLine(line: string): void {
  const bytes = new TextEncoder().encode(line).length;
  if (bytes > MAX_LINE_BYTES) {
    throw new EncodeError("MESSAGE_TOO_LONG", `line is ${bytes} bytes, limit is ${MAX_LINE_BYTES}`);
  }
}
