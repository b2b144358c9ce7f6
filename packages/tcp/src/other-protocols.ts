/** A protocol that begins in a way of its own, and the answer that makes its client give up at once. */
export interface OtherProtocol {
  readonly name: "tls" | "http" | "ssh";
  readonly answer: Uint8Array;
}

/**
 * Recognises what is certainly meant for another server by the bytes that the stream starts with. `undecided`: more bytes
 * could still make it one. Nothing has to wait for that: no line can be run before its end, and with the first LF it is
 * decided.
 */
export function otherProtocolOf(start: Uint8Array): OtherProtocol | "none" | "undecided" {
  // A TLS record of type handshake, version 3.x.
  if (start[0] === 0x16) return start.length === 1 ? "undecided" : start[1] === 0x03 ? TLS : "none";
  const text = asciiText(start.subarray(0, MOST_BYTES_LOOKED_AT));
  if (text.startsWith("SSH-")) return SSH;
  if (HTTP_REQUEST.test(text)) return HTTP;
  return start.length < MOST_BYTES_LOOKED_AT && UPPER_CASE_LINE_BEGUN.test(text) ? "undecided" : "none";
}

/** Longer first lines are for the codec to judge. */
export const MOST_BYTES_LOOKED_AT = 2048;

const HTTP_REQUEST = /^(?:[A-Z]{3,7} \S+ HTTP\/1\.[01]\r?\n|PRI \* HTTP\/2\.0\r\n)/;
/** What all of them but TLS begin with, and no end of the line yet. */
const UPPER_CASE_LINE_BEGUN = /^[A-Z][^\n]*$/;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const asciiText = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** A fatal alert, `protocol_version`: record type 21, version 3.1, 2 bytes. */
const TLS: OtherProtocol = { name: "tls", answer: Uint8Array.of(0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46) };
const HTTP: OtherProtocol = {
  name: "http",
  answer: ascii("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
};
const SSH: OtherProtocol = { name: "ssh", answer: ascii("this is not an SSH server\r\n") };
