import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { openSegment as open, type SegmentHeader } from "@tallyline/ledger/journal";

/** SHA-256 as 64 hexadecimal digits: of a segment its head, of a ledger's identity what the first segment links to. */
export function headOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Reads and checks a segment's header. @returns a sentence where it is no whole segment. */
export function openSegment(segment: Uint8Array): SegmentHeader | string {
  return open(segment, crc32);
}
