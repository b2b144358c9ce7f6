import { readRecord, recordReader, type AccountIdentity, type ReadRecord } from "@tallyline/ledger/journal";
import type { AccountDirectory } from "./account-directory.ts";
import type { EarlierRecord } from "./batch-books.ts";
import type { Connection } from "./connection.ts";
import { LedgerDamagedError } from "./errors.ts";
import { headOf, openSegment } from "./segment-sums.ts";
import type { Statements } from "./statements.ts";
import { arrayOf } from "./arrays.ts";

/** Retries ask for what was recorded last; so many segments are kept for them, of 1 MiB at most. */
const KEPT_SEGMENTS = 16;

/** Where a record is. */
export interface RecordPlace {
  readonly seq: number;
  /** The first place in the order of its segment. */
  readonly segment: number;
}

interface ReadSegment {
  readonly bytes: Uint8Array;
  readonly head: string;
}

/** Reads records that are committed, from the segments that hold them. */
export class JournalReader {
  readonly #connection: Connection;
  readonly #sql: Statements;
  readonly #directory: AccountDirectory;
  readonly #kept = new Map<number, ReadSegment>(); // by first seq, the oldest first

  constructor(connection: Connection, sql: Statements, directory: AccountDirectory) {
    this.#connection = connection;
    this.#sql = sql;
    this.#directory = directory;
  }

  /** Keeps a segment that was committed. */
  keep(firstSeq: number, segment: ReadSegment): void {
    this.#kept.set(firstSeq, segment);
    if (this.#kept.size > KEPT_SEGMENTS) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** Reads records, in the order of their places. @throws LedgerDamagedError where the database does not hold one whole. */
  async records(places: readonly RecordPlace[]): Promise<readonly EarlierRecord[]> {
    if (places.length === 0) return [];
    const segments = await this.#segments(places);
    const unknown = new Set<number>();
    const noteUnknown = (number: number): AccountIdentity => {
      unknown.add(number);
      return UNKNOWN;
    };
    const read = (identityOf: (number: number) => AccountIdentity): ReadRecord[] =>
      places.map((place) => readPlace(place, segments.get(place.segment)!.bytes, identityOf));
    // Which accounts a record names is known once it was read; only then can it be read with their names.
    read((number) => this.#directory.numbered(number) ?? noteUnknown(number));
    await this.#directory.loadNumbers(unknown);
    const records = read((number) => this.#directory.numbered(number)!);
    return records.map(({ seq, content, result }, index) => {
      return { seq, content, result, head: segments.get(places[index]!.segment)!.head };
    });
  }

  async #segments(places: readonly RecordPlace[]): Promise<ReadonlyMap<number, ReadSegment>> {
    const wanted = new Set(places.map(({ segment }) => segment));
    const found = new Map([...this.#kept].filter(([firstSeq]) => wanted.has(firstSeq)));
    const missing = [...wanted].filter((firstSeq) => !found.has(firstSeq));
    if (missing.length === 0) return found;
    const { rows } = await this.#connection.run(this.#sql.segments, [arrayOf(missing)]);
    for (const [firstSeq, body] of rows as readonly [string, Uint8Array][]) {
      const opened = openSegment(body);
      if (typeof opened === "string") throw new LedgerDamagedError(Number(firstSeq), opened);
      const segment = { bytes: body, head: headOf(body) };
      found.set(Number(firstSeq), segment);
      this.keep(Number(firstSeq), segment);
    }
    const lost = missing.find((firstSeq) => !found.has(firstSeq));
    if (lost !== undefined) throw new LedgerDamagedError(lost, "there is no segment");
    return found;
  }
}

const UNKNOWN: AccountIdentity = { account: "", currency: "", kind: "asset" };

function readPlace(
  { seq, segment }: RecordPlace,
  bytes: Uint8Array,
  identityOf: (number: number) => AccountIdentity,
): ReadRecord {
  try {
    return readRecord(recordReader(bytes, seq - segment), seq, identityOf);
  } catch (error) {
    throw new LedgerDamagedError(seq, "its segment does not hold it whole", { cause: error });
  }
}
