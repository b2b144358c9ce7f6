import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
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
const MAGIC = 0x31534c54; // "TLS1"

export interface SegmentHeader {
  readonly firstSeq: number;
  readonly recordCount: number;
  /** The head of the segment before it, as 64 hexadecimal digits. */
  readonly previousHead: string;
}

/** Fills in the header of a segment whose records are written already, after room for it. */
export function sealSegment(segment: Buffer, { firstSeq, recordCount, previousHead }: SegmentHeader): void {
  segment.writeUInt32LE(MAGIC, 0);
  segment.writeBigUInt64LE(BigInt(firstSeq), 8);
  segment.writeUInt32LE(recordCount, 16);
  segment.writeUInt32LE(segment.length - SEGMENT_HEADER_BYTES, 20);
  segment.write(previousHead, 24, "hex");
  segment.writeUInt32LE(crc32(segment.subarray(8)), 4);
}

/** The head of a segment: what the next one links to, and receipts show. */
export function headOf(segment: Uint8Array): string {
  return hash("sha256", segment, "hex");
}

/** Reads and checks a segment's header. @returns a sentence where it is no whole segment. */
export function openSegment(bytes: Uint8Array): SegmentHeader | string {
  const segment = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (segment.length < SEGMENT_HEADER_BYTES) return `a segment is ${segment.length} bytes, shorter than its header`;
  if (segment.readUInt32LE(0) !== MAGIC) return "a segment does not begin with TLS1";
  if (segment.readUInt32LE(4) !== crc32(segment.subarray(8))) return "a segment's checksum is not that of its bytes";
  const recordBytes = segment.readUInt32LE(20);
  if (recordBytes !== segment.length - SEGMENT_HEADER_BYTES) return "a segment's length is not the one it says";
  return {
    firstSeq: Number(segment.readBigUInt64LE(8)),
    recordCount: segment.readUInt32LE(16),
    previousHead: segment.toString("hex", 24, SEGMENT_HEADER_BYTES),
  };
}

/** Where the records of a segment are, in order. @throws RangeError where one ends beyond the segment. */
export function* recordSpans(segment: Uint8Array): Generator<{ readonly start: number; readonly end: number }> {
  const lengths = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
  for (let at = SEGMENT_HEADER_BYTES; at < segment.length;) {
    const start = at + 2;
    at = start + (start <= segment.length ? lengths.readUInt16LE(at) : 1);
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
  const lengths = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
  let at = SEGMENT_HEADER_BYTES;
  for (let passed = 0; passed < index; passed += 1) at += 2 + lengths.readUInt16LE(at);
  return new ByteReader(segment, at + 2, at + 2 + lengths.readUInt16LE(at));
}
