import { chunks, lines, map, type Codec } from "@tallyline/framing";
import { encodePlainReply, type PlainReply } from "./plain-reply.ts";
import { decodePlainRequest, type PlainRequest } from "./plain-request.ts";

/** How requests are told apart: each ends with LF or CRLF; or each read from the socket is one. */
export type Framing = "line" | "chunk";

/** The longest line of the bank's wire, in bytes without its LF: room for every command, little to hold per client. */
export const MAX_LINE_BYTES = 8192;

/**
 * The plain dialect as a server reads and writes it.
 *
 * Chunk framing is for clients that send without a line ending and read once. It takes whatever one read returns for a
 * message, so it is right only as long as the network neither splits nor joins them: use it for nothing but those.
 */
export function plainServerCodec(framing: Framing): Codec<PlainRequest, PlainReply> {
  if (framing === "line") {
    return map(lines({ maxLineBytes: MAX_LINE_BYTES }), { decode: decodePlainRequest, encode: encodePlainReply });
  }
  return map(chunks(), {
    decode: (bytes) => decodePlainRequest(textOfChunk(bytes)),
    encode: (reply: PlainReply) => new TextEncoder().encode(encodePlainReply(reply)),
  });
}

/** One trailing line ending of a chunk is not part of its text. Bytes that are not UTF-8 make no command either. */
export function textOfChunk(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
}
