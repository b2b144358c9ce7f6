import { randomBytes } from "node:crypto";
import type { Currency, Head } from "@tallyline/ledger";
import { commit } from "./commit.ts";
import { Connection } from "./connection.ts";
import { LedgerOpenError } from "./errors.ts";
import { Replay } from "./replay.ts";
import { readHead, type HeadRow, type SegmentRow } from "./rows.ts";
import { checkName, grants, MIGRATIONS } from "./schema.ts";
import { headOf } from "./segment-sums.ts";
import type { ServerSettings } from "./server-settings.ts";
import { ensureCurrencies, openSession } from "./session.ts";
import { writeChanges } from "./table-writer.ts";
import { verifyPlace } from "./verify.ts";

/** Where the tables of a ledger are to be. */
export interface MigrationOptions {
  /** Connection string of the primary, as the role that will own the tables. */
  readonly server: string;
  /** The schema that the tables are in; made where it is missing. Default "tallyline". */
  readonly schema?: string;
  /** A role that exists, for bank servers: it may add to history, and never change it. Default: nobody but the owner. */
  readonly role?: string;
}

/**
 * Segments are written together up to so many commands: within one transaction the versions of a row that changes in each of
 * them, an account's or the head's, are all walked through to find the last.
 */
const COMMANDS_PER_WRITE = 8192;
const CONNECTING = { connectTimeoutMs: 5000, lockTimeoutMs: 5000 };

/**
 * Makes the tables of a ledger, or brings them to this version; where they are of this version it only grants what the role
 * may do. All of it happens, or nothing.
 * @throws RangeError for a schema or role that is no plain name; LedgerOpenError `VERSION_UNKNOWN` for a later version.
 */
export async function migrateLedger({ server, schema = "tallyline", role }: MigrationOptions): Promise<void> {
  checkName("schema", schema);
  if (role !== undefined) checkName("role", role);
  const connection = await Connection.open(server, CONNECTING);
  try {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await connection.run(`CREATE TABLE IF NOT EXISTS ${schema}.migration (version INT PRIMARY KEY)`);
    await connection.run("BEGIN");
    const { rows } = await connection.run(`SELECT coalesce(max(version), 0) FROM ${schema}.migration`);
    const version = Number(rows[0]![0]);
    if (version > MIGRATIONS.length) {
      const explanation = `the schema ${schema} has version ${version}, known is ${MIGRATIONS.length}`;
      throw new LedgerOpenError("VERSION_UNKNOWN", explanation);
    }
    for (let next = version + 1; next <= MIGRATIONS.length; next += 1) {
      // Two that migrate at once meet here: the second waits for the first, and is refused.
      await connection.run(`INSERT INTO ${schema}.migration (version) VALUES ($1::INT)`, [next]);
      await connection.run(MIGRATIONS[next - 1]!(schema));
    }
    if (version === 0) {
      const identity = randomBytes(16);
      const values = [identity, headOf(identity)];
      await connection.run(`INSERT INTO ${schema}.journal_head VALUES (1, $1, 0, $2, 0, 0, 0, 0)`, values);
    }
    for (const grant of role === undefined ? [] : grants(schema, role)) await connection.run(grant);
    await connection.run("COMMIT");
  } finally {
    await connection.close();
  }
}

/** A journal that is kept elsewhere. */
export interface JournalSource {
  /** What the first segment links to is the SHA-256 of this: 16 bytes. */
  readonly identity: Uint8Array;
  readonly currencies: readonly Currency[];
  /** All segments in order. */
  readonly segments: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Where a journal is copied to. */
export interface ImportOptions extends ServerSettings, Pick<MigrationOptions, "server" | "schema"> {
  /** Told now and then the place in the order that was copied last. */
  readonly onProgress?: (seq: number) => void;
}

/**
 * Copies a journal to a ledger that has none yet, segment by segment, each decided again and written with its rows in one
 * transaction for all; then verifies the copy, every entry of it. The segments are the same bytes, so the head is the same.
 * @throws LedgerOpenError `NOT_EMPTY`; LedgerDamagedError naming the place where the journal does not fit together.
 * @returns where the copy ends.
 */
export async function importJournal(options: ImportOptions, source: JournalSource): Promise<Head> {
  const { server, schema = "tallyline", onProgress } = options;
  checkName("schema", schema);
  const place = { ...options, servers: [server], schema, ...CONNECTING };
  const session = await openSession(place, []);
  const { connection, sql } = session;
  try {
    await connection.run("BEGIN");
    const { seq } = readHead((await connection.run(sql.lockHead)).rows[0]!);
    const { rows } = await connection.run(sql.currencies);
    if (seq > 0 || rows.length > 0) throw new LedgerOpenError("NOT_EMPTY", `the schema ${schema} has a ledger in use`);
    await connection.run(sql.setIdentity, [source.identity, headOf(source.identity)]);
    const currencies = await ensureCurrencies(session, source.currencies);
    const replay = new Replay({ ...session, currencies }, source.identity);
    const { books } = replay;
    let taken: SegmentRow[] = [];
    const write = async (head: HeadRow | undefined): Promise<void> => {
      const [first, ...others] = taken;
      if (first === undefined || head === undefined) return;
      await Promise.all(writeChanges(connection, sql, { segments: [first, ...others], changes: books.changes, head }));
      books.forget();
      taken = [];
    };
    let head: HeadRow | undefined;
    for await (const body of source.segments) {
      const { firstSeq } = books;
      head = await replay.take(body);
      taken.push({ firstSeq, body });
      if (books.changes.commands.length < COMMANDS_PER_WRITE) continue;
      await write(head);
      onProgress?.(books.nextSeq - 1);
    }
    await write(head);
    await commit(connection, [], 600_000);
  } finally {
    await connection.close();
  }
  const verification = await verifyPlace(place);
  if (!verification.ok) throw new Error(`the copy is wrong at ${verification.seq}: ${verification.what}`);
  return { seq: verification.seq, head: verification.head };
}
