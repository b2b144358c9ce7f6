import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { openSegment as open, type SegmentHeader } from "@tallyline/ledger/journal";

/** The head of a segment: what the next one links to, and receipts show. */
export function headOf(segment: Uint8Array): string {
  return hash("sha256", segment, "hex");
}

/** Reads and checks a segment's header. @returns a sentence where it is no whole segment. */
export function openSegment(segment: Uint8Array): SegmentHeader | string {
  return open(segment, crc32);
}
