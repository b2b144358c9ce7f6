/** Makes room for so many bytes, which will all be written. */
export type Allocate = (bytes: number) => Uint8Array;

/** Text of one byte a character. */
type AsciiText = string & { readonly [ascii]: true };
declare const ascii: unique symbol;

/** What a datagram carries: bytes, or a short text, which is written into the datagram without being bytes before. Both have their length in bytes. */
export type Payload = Uint8Array | AsciiText;

export function payloadOf(reply: Uint8Array | string): Payload {
  if (typeof reply !== "string") return reply;
  return isShortAscii(reply) ? reply : encoder.encode(reply);
}

/** The payload as a datagram of its own. */
export function bytesOf(payload: Payload, allocate: Allocate): Uint8Array {
  if (typeof payload !== "string") return payload;
  const bytes = allocate(payload.length);
  putText(bytes, 0, payload);
  return bytes;
}

export function putPayload(datagram: Uint8Array, start: number, payload: Payload): void {
  if (typeof payload === "string") putText(datagram, start, payload);
  else datagram.set(payload, start);
}

/** For ASCII only. */
export function putText(datagram: Uint8Array, start: number, text: string): void {
  for (let i = 0; i < text.length; i++) datagram[start + i] = text.charCodeAt(i);
}

export const allocateZeroed: Allocate = (bytes) => new Uint8Array(bytes);

function isShortAscii(text: string): text is AsciiText {
  if (text.length > shortText) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Longer texts are encoded faster by the encoder than character by character. */
const shortText = 100;
const encoder = new TextEncoder();
