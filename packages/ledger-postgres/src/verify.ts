import type { Verification, VerifyOptions } from "@tallyline/ledger";
import type { Session } from "./batch-loader.ts";
import { LedgerDamagedError } from "./errors.ts";
import { Replay } from "./replay.ts";
import { readHead } from "./rows.ts";
import { checkName } from "./schema.ts";
import type { ServerSettings } from "./server-settings.ts";
import { openSession, type LedgerPlace } from "./session.ts";
import { TableCheck } from "./table-check.ts";

/** Which ledger to verify. */
export interface VerifyPlace extends ServerSettings, VerifyOptions {
  readonly servers: readonly string[];
  /** Default "tallyline". */
  readonly schema?: string;
}

/**
 * Verifies a ledger without opening it: `Ledger.verify` for programs that do nothing else.
 * @throws LedgerOpenError as opening it does.
 */
export function verifyLedger(options: VerifyPlace): Promise<Verification> {
  const { schema = "tallyline" } = options;
  checkName("schema", schema);
  return verifyPlace({ ...options, schema, connectTimeoutMs: 5000, lockTimeoutMs: 5000 }, options);
}

const SEGMENTS_PER_READ = 64;

/**
 * Recomputes the books from their journal, on a snapshot and a connection of its own, while others go on writing: every
 * segment's checksum and link, every command decided again, which must come to the same bytes, and every row of the tables.
 */
export async function verifyPlace(place: LedgerPlace, options: VerifyOptions = {}): Promise<Verification> {
  const session = await openSession(place, []);
  try {
    await session.connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return await verifySnapshot(session, place.schema, options);
  } catch (error) {
    if (!(error instanceof LedgerDamagedError)) throw error;
    return { ok: false, seq: error.seq, what: error.explanation };
  } finally {
    await session.connection.close();
  }
}

async function verifySnapshot(session: Session, schema: string, { onProgress }: VerifyOptions): Promise<Verification> {
  const { connection, sql } = session;
  const { seq: lastSeq } = readHead((await connection.run(sql.head)).rows[0]!);
  const identity = (await connection.run(sql.identity)).rows[0]![0] as Uint8Array;
  const replay = new Replay(session, identity);
  const tables = await TableCheck.open(connection, schema);
  for (;;) {
    const { rows } = await connection.run(sql.segmentsFrom, [replay.books.firstSeq, SEGMENTS_PER_READ]);
    for (const [, body] of rows) {
      await replay.take(body as Uint8Array);
      await tables.take(replay.books.changes);
      replay.books.forget();
    }
    onProgress?.({ seq: replay.books.nextSeq - 1, lastSeq });
    if (rows.length < SEGMENTS_PER_READ) break;
  }
  await tables.finish(replay);
  return { ok: true, seq: lastSeq, head: replay.books.head };
}
