import { hash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { Result } from "@tallyline/ledger";
import {
  ByteWriter,
  readIdentity,
  readRecord,
  recordReader,
  recordSpans,
  sealSegment,
  SEGMENT_HEADER_BYTES,
  writeRecord,
  type AccountIdentity,
  type JournalRecord,
  type ReadRecord,
} from "@tallyline/ledger/journal";
import { LedgerDamagedError } from "./errors.ts";
import { headOf, openSegment } from "./segment-sums.ts";

/** A segment that was read and checked. */
interface ReadSegment {
  readonly firstSeq: number;
  readonly recordCount: number;
  readonly bytes: Uint8Array;
  head: string | undefined;
}

/** Retries ask for what was recorded last; so many segments are kept for them. */
const KEPT_SEGMENTS = 16;

/** What the first segment links to. */
export function genesisHead(identity: Uint8Array): string {
  return hash("sha256", identity, "hex");
}

/** The chain of segments: the next one as it is being filled, and all that were committed. */
export class Journal {
  readonly #path: string;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #recent: ReadSegment[] = []; // that were committed since the tables were brought up to date, in order
  readonly #kept = new Map<number, ReadSegment>(); // by first seq, the oldest first
  readonly #next = new ByteWriter();
  #firstSeq = 1;
  #recordCount = 0;
  #head: string;

  constructor(database: DatabaseSync, path: string, identity: Uint8Array) {
    this.#path = path;
    this.#insert = database.prepare("INSERT INTO segment (first_seq, body) VALUES (?, ?)");
    this.#find = database.prepare(
      "SELECT first_seq, body FROM segment WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1",
    );
    this.#head = genesisHead(identity);
    this.#next.skip(SEGMENT_HEADER_BYTES);
  }

  /** The head of the last segment committed. */
  get head(): string {
    return this.#head;
  }

  /** The place in the order of the first record that is not committed. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** How many records wait for the commit. */
  get recordCount(): number {
    return this.#recordCount;
  }

  /** How many bytes of them. */
  get byteCount(): number {
    return this.#next.length;
  }

  /** Where the chain goes on, after what is in the file. */
  resume(firstSeq: number, head: string): void {
    this.#firstSeq = firstSeq;
    this.#head = head;
  }

  /** Adds a record to the next segment. */
  add(record: JournalRecord, numberOf: (name: string) => number): void {
    writeRecord(this.#next, record, numberOf);
    this.#recordCount += 1;
  }

  /** Writes the next segment. @returns its head, which becomes the journal's with {@link committed}. */
  write(): string {
    const segment = this.#next.view();
    const firstSeq = this.#firstSeq;
    sealSegment(segment, { firstSeq, recordCount: this.#recordCount, previousHead: this.#head }, crc32);
    this.#insert.run(firstSeq, segment);
    return headOf(segment);
  }

  /** The next segment is durable. */
  committed(head: string): void {
    const recordCount = this.#recordCount;
    this.#recent.push({ firstSeq: this.#firstSeq, recordCount, bytes: Buffer.from(this.#next.view()), head });
    this.#head = head;
    this.#firstSeq += recordCount;
    this.discard();
  }

  /** The tables show everything that was committed: from here on it is read from the file. */
  projected(): void {
    this.#recent.length = 0;
  }

  /** Forgets the next segment. */
  discard(): void {
    this.#recordCount = 0;
    this.#next.truncate(SEGMENT_HEADER_BYTES);
  }

  /** The first place in the order where a segment is not what the next one would be; undefined where it is. */
  firstDifference(segment: Uint8Array): number | undefined {
    const next = Buffer.from(this.#next.view());
    if (next.subarray(SEGMENT_HEADER_BYTES).equals(segment.subarray(SEGMENT_HEADER_BYTES))) return undefined;
    let seq = this.#firstSeq;
    for (const { start, end } of recordSpans(segment)) {
      if (!next.subarray(start, end).equals(segment.subarray(start, end))) break;
      seq += 1;
    }
    return seq;
  }

  /** Reads a record that is committed. @throws LedgerDamagedError where the file does not hold it whole. */
  record(seq: number, identityOf: (number: number) => AccountIdentity): ReadRecord {
    const { bytes, firstSeq } = this.#segmentOf(seq);
    return readRecord(recordReader(bytes, seq - firstSeq), seq, identityOf);
  }

  /** Who sent a record that is committed. */
  identity(seq: number): { readonly principal: string; readonly id: string } {
    const { bytes, firstSeq } = this.#segmentOf(seq);
    return readIdentity(recordReader(bytes, seq - firstSeq));
  }

  /** The head of the segment that holds a record that is committed. */
  headOf(seq: number): string {
    const segment = this.#segmentOf(seq);
    return (segment.head ??= headOf(segment.bytes));
  }

  /** The same for what took effect; undefined where that is not committed, or nothing did. */
  committedHead(result: Result): string | undefined {
    return result.ok && result.seq < this.#firstSeq ? this.headOf(result.seq) : undefined;
  }

  #segmentOf(seq: number): ReadSegment {
    const recent = this.#recentSegment(seq);
    if (recent !== undefined) return recent;
    for (const segment of this.#kept.values()) {
      if (segment.firstSeq <= seq && seq < segment.firstSeq + segment.recordCount) return segment;
    }
    const row = this.#find.get(seq) as { readonly body: Uint8Array } | undefined;
    const opened = row === undefined ? "there is no segment" : openSegment(row.body);
    if (typeof opened === "string") throw new LedgerDamagedError(this.#path, seq, opened);
    const { firstSeq, recordCount } = opened;
    if (seq >= firstSeq + recordCount) throw new LedgerDamagedError(this.#path, seq, "no segment holds it");

    const segment: ReadSegment = { firstSeq, recordCount, bytes: row!.body, head: undefined };
    this.#kept.set(firstSeq, segment);
    if (this.#kept.size > KEPT_SEGMENTS) this.#kept.delete(this.#kept.keys().next().value!);
    return segment;
  }

  /** A search by halves: there can be thousands, of one record each. */
  #recentSegment(seq: number): ReadSegment | undefined {
    const recent = this.#recent;
    let [low, high] = [0, recent.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (recent[middle]!.firstSeq <= seq) low = middle + 1;
      else high = middle;
    }
    const segment = recent[low - 1];
    return segment !== undefined && seq < segment.firstSeq + segment.recordCount ? segment : undefined;
  }
}
