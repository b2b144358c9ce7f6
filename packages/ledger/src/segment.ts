import { ByteReader } from "./byte-reader.ts";

/**
 * A segment is what one commit adds to the journal:
 *
 *     0   4  "TLS1"
 *     4   4  CRC-32 of all that follows
 *     8   8  place in the order of its first record
 *    16   4  count of records
 *    20   4  bytes of records
 *    24  32  SHA-256 of the segment before it; of the first one, SHA-256 of the ledger's identity
 *    56   …  records, each with its length in two bytes before it
 *
 * Numbers are little-endian. The SHA-256 of a whole segment is its head.
 */
export const SEGMENT_HEADER_BYTES = 56;
/** The CRC-32 of bytes that ZIP and zlib use. */
export type Checksum = (bytes: Uint8Array) => number;

const MAGIC = 0x31534c54; // "TLS1"

/** What a segment says of itself before its records; its bytes are pictured in docs/ledger-format.md. */
export interface SegmentHeader {
  readonly firstSeq: number;
  readonly recordCount: number;
  /** The head of the segment before it, as 64 hexadecimal digits. */
  readonly previousHead: string;
}

/** Fills in the header of a segment whose records are written already, after room for it. */
export function sealSegment(segment: Uint8Array, header: SegmentHeader, checksum: Checksum): void {
  const view = viewOf(segment);
  view.setUint32(0, MAGIC, true);
  view.setBigUint64(8, BigInt(header.firstSeq), true);
  view.setUint32(16, header.recordCount, true);
  view.setUint32(20, segment.length - SEGMENT_HEADER_BYTES, true);
  for (let index = 0; index < 32; index += 1) {
    const high = digitAt(header.previousHead, 2 * index);
    segment[24 + index] = 16 * high + digitAt(header.previousHead, 2 * index + 1);
  }
  view.setUint32(4, checksum(segment.subarray(8)), true);
}

/** The value of a lower-case hexadecimal digit. Parsing them as texts took two thirds of sealing a segment of one record. */
function digitAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit <= 0x39 ? unit - 0x30 : unit - 0x57;
}

/** Reads and checks a segment's header. @returns a sentence where it is no whole segment. */
export function openSegment(segment: Uint8Array, checksum: Checksum): SegmentHeader | string {
  if (segment.length < SEGMENT_HEADER_BYTES) return `a segment is ${segment.length} bytes, shorter than its header`;
  const view = viewOf(segment);
  if (view.getUint32(0, true) !== MAGIC) return "a segment does not begin with TLS1";
  if (view.getUint32(4, true) !== checksum(segment.subarray(8))) return "a segment's checksum is not that of its bytes";
  const recordBytes = view.getUint32(20, true);
  if (recordBytes !== segment.length - SEGMENT_HEADER_BYTES) return "a segment's length is not the one it says";
  let previousHead = "";
  for (const byte of segment.subarray(24, SEGMENT_HEADER_BYTES)) previousHead += byte.toString(16).padStart(2, "0");
  return { firstSeq: Number(view.getBigUint64(8, true)), recordCount: view.getUint32(16, true), previousHead };
}

/** Where the records of a segment are, in order. @throws RangeError where one ends beyond the segment. */
export function* recordSpans(segment: Uint8Array): Generator<{ readonly start: number; readonly end: number }> {
  const view = viewOf(segment);
  for (let at = SEGMENT_HEADER_BYTES; at < segment.length;) {
    const start = at + 2;
    at = start + (start <= segment.length ? view.getUint16(at, true) : 1);
    if (at > segment.length) throw new RangeError("a record ends beyond its segment");
    yield { start, end: at };
  }
}

/** A reader for each record of a segment, in order. */
export function* recordReaders(segment: Uint8Array): Generator<ByteReader> {
  for (const { start, end } of recordSpans(segment)) yield new ByteReader(segment, start, end);
}

/** A reader for one record, counted from 0. */
export function recordReader(segment: Uint8Array, index: number): ByteReader {
  const view = viewOf(segment);
  let at = SEGMENT_HEADER_BYTES;
  for (let passed = 0; passed < index; passed += 1) at += 2 + view.getUint16(at, true);
  return new ByteReader(segment, at + 2, at + 2 + view.getUint16(at, true));
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
