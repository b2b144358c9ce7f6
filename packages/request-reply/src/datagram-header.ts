/**
 * The header of a datagram: one line of readable text, and after it the payload as it is.
 *
 * ```text
 * ?call/1 9f86d081884c7d65 cookie=60303ae22b998861 age=250 idempotent␊1 + 1        a request
 * !call/1 9f86d081884c7d65␊Result: 2                                               its reply
 * 0       8                24
 * ```
 *
 * The first byte says which way a datagram travels, so that a reply can never be taken for a request and two servers that
 * are fed each other's replies stay silent. Neither `?` nor `!` begins an expression, so a calculator which knows nothing
 * of headers answers with some error, without a header, and a client learns that from its first call.
 * The fields come in the order above; a datagram that begins like a header and is not one is malformed and gets no answer.
 * The grammar is docs/calculator-protocol.md §3.
 */

import { type Allocate, allocateZeroed, type Payload, putPayload, putText } from "./datagram-payload.ts";

/** Why a server did not run a request, or what became of it; the text is what travels. */
export type RefusalReason = "busy" | "draining" | "failed" | "forgotten" | "too-large";

/** What a datagram is, by its header. Payloads are views of the datagram that was decoded. */
export type Datagram =
  | {
      readonly kind: "request";
      /** 16 lowercase hexadecimal digits: 64 bits that the client drew at random for this call. */
      readonly id: string;
      /** The cookie that the server gave to this address before, as 16 hexadecimal digits. */
      readonly cookie: string | undefined;
      /** Milliseconds since the first copy of this call was sent; 0 on the first copy. */
      readonly ageMs: number;
      /** The caller said that running this request twice does no harm. */
      readonly isIdempotent: boolean;
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "reply";
      readonly id: string;
      /**
       * `complete`: the payload is the reply. `truncated`: the reply does not fit a datagram; ask again over a stream.
       * `cookie`: the reply is too large for an address that has not shown a cookie; send the call again with this one.
       */
      readonly status: "complete" | "truncated" | "cookie" | "refused";
      /** With status `cookie`. */
      readonly cookie: string | undefined;
      /** With status `refused`. */
      readonly refusal: RefusalReason | undefined;
      readonly payload: Uint8Array;
    }
  | { readonly kind: "plain"; readonly payload: Uint8Array }
  | { readonly kind: "malformed"; readonly reason: string };

/** What a request header says; see {@link Datagram}. */
export interface RequestHeader {
  readonly id: string;
  readonly cookie?: string | undefined;
  readonly ageMs?: number;
  readonly isIdempotent?: boolean;
}

/** What a reply header says: at most one of the three; none of them is a complete reply. See {@link Datagram}. */
export interface ReplyHeader {
  readonly id: string;
  readonly isTruncated?: boolean;
  readonly cookie?: string;
  readonly refusal?: RefusalReason;
}

/** Bytes of the shortest header, `?call/1 <id>␊`: the most that a request or a whole reply needs over its payload. */
export const shortestHeaderBytes = 25;

/** Reads the header of a datagram. Total: any bytes give one of the four kinds, and nothing throws. */
export function decodeDatagram(datagram: Uint8Array): Datagram {
  const direction = datagram[0];
  if ((direction !== questionMark && direction !== exclamationMark) || !hasText(datagram, 1, protocolName)) {
    return { kind: "plain", payload: datagram };
  }
  const id = decodeId(datagram);
  if (id === undefined) return { kind: "malformed", reason: "the id is not 16 lowercase hexadecimal digits" };

  // Nearly every datagram of a healthy call has no fields: its header ends right after the id.
  if (datagram[idEnd] === lineFeed) {
    const payload = payloadAfter(datagram, shortestHeaderBytes);
    return direction === questionMark
      ? { kind: "request", id, cookie: undefined, ageMs: 0, isIdempotent: false, payload }
      : { kind: "reply", id, status: "complete", cookie: undefined, refusal: undefined, payload };
  }
  let end = idEnd;
  while (end < longestHeaderBytes && end < datagram.length && datagram[end] !== lineFeed) end++;
  if (datagram[end] !== lineFeed)
    return { kind: "malformed", reason: `no line feed in the first ${longestHeaderBytes} bytes` };
  const payload = payloadAfter(datagram, end + 1);
  // The one field that a first copy usually has needs no text and no regular expression (0.2 us).
  if (direction === questionMark && end - idEnd === idempotentField.length && hasText(datagram, idEnd, idempotentField))
    return { kind: "request", id, cookie: undefined, ageMs: 0, isIdempotent: true, payload };
  const fields = asciiText(datagram, idEnd, end);
  return direction === questionMark ? decodeRequest(id, fields, payload) : decodeReply(id, fields, payload);
}

/** Writes a request datagram. Throws a RangeError on a header that {@link decodeDatagram} would not read back. */
export function encodeRequest(header: RequestHeader, payload: Uint8Array): Uint8Array {
  checkId(header.id);
  let fields = "";
  if (header.cookie !== undefined) fields += ` cookie=${header.cookie}`;
  if (header.ageMs !== undefined && header.ageMs > 0) fields += ` age=${Math.min(Math.floor(header.ageMs), ageMsMax)}`;
  if (header.isIdempotent === true) fields += idempotentField;
  if (fields !== "" && !requestFields.test(fields)) throw new RangeError(`not a request header: ${fields}`);
  return joinDatagram(questionMark, header.id, fields, payload, allocateZeroed);
}

/** Writes a reply datagram. Throws a RangeError on a header that {@link decodeDatagram} would not read back. */
export function encodeReply(header: ReplyHeader, payload: Uint8Array): Uint8Array {
  checkId(header.id);
  return writeReply(header, payload, allocateZeroed);
}

/** The same for an id that was read, into memory from where the caller says. */
export function writeReply(header: ReplyHeader, payload: Payload, allocate: Allocate): Uint8Array {
  let fields = "";
  if (header.isTruncated === true) fields += " truncated";
  if (header.cookie !== undefined) fields += ` cookie=${header.cookie}`;
  if (header.refusal !== undefined) fields += ` refused=${header.refusal}`;
  if (fields !== "" && !replyFields.test(fields)) throw new RangeError(`not a reply header: ${fields}`);
  return joinDatagram(exclamationMark, header.id, fields, payload, allocate);
}

function decodeRequest(id: string, fields: string, payload: Uint8Array): Datagram {
  const match = requestFields.exec(fields);
  if (match === null) return { kind: "malformed", reason: "unknown fields in a request header" };
  const [, cookie, age, idempotent] = match;
  return { kind: "request", id, cookie, ageMs: Number(age ?? 0), isIdempotent: idempotent !== undefined, payload };
}

function decodeReply(id: string, fields: string, payload: Uint8Array): Datagram {
  const match = replyFields.exec(fields);
  if (match === null) return { kind: "malformed", reason: "unknown fields in a reply header" };
  const [, truncated, cookie, reason] = match;
  const refusal = reason as RefusalReason | undefined;
  const status = truncated ? "truncated" : cookie ? "cookie" : refusal ? "refused" : "complete";
  return { kind: "reply", id, status, cookie, refusal, payload };
}

function joinDatagram(direction: number, id: string, fields: string, payload: Payload, allocate: Allocate): Uint8Array {
  const headerBytes = shortestHeaderBytes + fields.length;
  const datagram = allocate(headerBytes + payload.length);
  datagram[0] = direction;
  putText(datagram, 1, protocolName);
  putText(datagram, idStart, id);
  putText(datagram, idEnd, fields);
  datagram[headerBytes - 1] = lineFeed;
  putPayload(datagram, headerBytes, payload);
  return datagram;
}

function checkId(id: string): void {
  if (!idForm.test(id)) throw new RangeError(`an id has 16 lowercase hexadecimal digits, not ${JSON.stringify(id)}`);
}

/** Like `subarray`, and three times as fast for Node's `Buffer`, whose `subarray` makes another `Buffer`. */
function payloadAfter(datagram: Uint8Array, start: number): Uint8Array {
  return new Uint8Array(datagram.buffer, datagram.byteOffset + start, datagram.length - start);
}

/** Whether that text stands there, as ASCII. */
function hasText(datagram: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (datagram[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

function decodeId(datagram: Uint8Array): string | undefined {
  if (datagram.length < shortestHeaderBytes) return undefined;
  for (let i = idStart; i < idEnd; i++) {
    const byte = datagram[i] as number;
    const isHexDigit = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
    if (!isHexDigit) return undefined;
  }
  return idText(datagram);
}

/** So many arguments are twice as fast as an array that is spread. */
function idText(d: Uint8Array): string {
  // prettier-ignore
  return String.fromCharCode(
    d[8]!, d[9]!, d[10]!, d[11]!, d[12]!, d[13]!, d[14]!, d[15]!,
    d[16]!, d[17]!, d[18]!, d[19]!, d[20]!, d[21]!, d[22]!, d[23]!,
  );
}

/** Bytes as text, one character per byte; a byte above 0x7f becomes a character that no header has. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  // An array made like this and spread is twice as fast as a subarray, and as adding up characters.
  const codes: number[] = [];
  for (let i = start; i < end; i++) codes.push(bytes[i] as number);
  return String.fromCharCode(...codes);
}

const questionMark = 0x3f;
const exclamationMark = 0x21;
const lineFeed = 0x0a;
const protocolName = "call/1 ";
const idempotentField = " idempotent";
const idStart = 8;
const idEnd = 24;
/** The longest header that the grammar allows has 72 bytes; a line feed further on belongs to the payload of garbage. */
export const longestHeaderBytes = 80;
/** Seven digits: a call of almost three hours. */
const ageMsMax = 9_999_999;
const idForm = /^[0-9a-f]{16}$/;
const requestFields = /^(?: cookie=([0-9a-f]{16}))?(?: age=(0|[1-9][0-9]{0,6}))?( idempotent)?$/;
const replyFields = /^(?: (truncated)| cookie=([0-9a-f]{16})| refused=(busy|draining|failed|forgotten|too-large))?$/;
