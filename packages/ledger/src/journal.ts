export { ByteReader } from "./byte-reader.ts";
export { ByteWriter } from "./byte-writer.ts";
export {
  holdOf,
  readAfterImages,
  readIdentity,
  readRecord,
  textOfHold,
  writeRecord,
  type AccountIdentity,
  type AccountImage,
  type AccountState,
  type JournalRecord,
  type ReadRecord,
} from "./record.ts";
export {
  openSegment,
  recordReader,
  recordReaders,
  recordSpans,
  sealSegment,
  SEGMENT_HEADER_BYTES,
  type Checksum,
  type SegmentHeader,
} from "./segment.ts";
