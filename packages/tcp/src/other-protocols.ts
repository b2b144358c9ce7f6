/** A protocol that begins in a way of its own, and the answer that makes its client give up at once. */
export interface OtherProtocol {
  readonly name: "tls" | "http" | "ssh";
  readonly answer: Uint8Array;
}

/**
 * Recognises what is certainly meant for another server. Only the first read is looked at: clients send their greeting in
 * one piece, and one that does not is refused by the codec, or by the deadline of the frame.
 */
export function otherProtocolOf(firstBytes: Uint8Array): OtherProtocol | undefined {
  // A TLS record of type handshake, version 3.x.
  if (firstBytes[0] === 0x16 && firstBytes[1] === 0x03) return TLS;
  const start = asciiText(firstBytes.subarray(0, 2048));
  if (start.startsWith("SSH-")) return SSH;
  if (HTTP_REQUEST.test(start)) return HTTP;
  return undefined;
}

const HTTP_REQUEST = /^(?:[A-Z]{3,7} \S+ HTTP\/1\.[01]\r?\n|PRI \* HTTP\/2\.0\r\n)/;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const asciiText = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** A fatal alert, `protocol_version`: record type 21, version 3.1, 2 bytes. */
const TLS: OtherProtocol = { name: "tls", answer: Uint8Array.of(0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46) };
const HTTP: OtherProtocol = {
  name: "http",
  answer: ascii("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
};
const SSH: OtherProtocol = { name: "ssh", answer: ascii("this is not an SSH server\r\n") };
