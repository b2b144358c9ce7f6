import type { Currency } from "@tallyline/ledger";
import { AccountDirectory } from "./account-directory.ts";
import type { Session } from "./batch-loader.ts";
import { CarriedBooks } from "./carried-books.ts";
import { isConflict } from "./commit.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { LedgerOpenError } from "./errors.ts";
import { JournalReader } from "./journal-reader.ts";
import { MIGRATIONS } from "./schema.ts";
import { findDifferences, takesWrites, type ServerSettings } from "./server-settings.ts";
import { statementsFor } from "./statements.ts";

/** Where a ledger is, and what is asked of the servers there. */
export interface LedgerPlace extends ServerSettings, ConnectionOptions {
  /** Connection strings of the servers that the ledger may be on: the first one that takes writes is used. */
  readonly servers: readonly string[];
  /** The schema that the tables are in. */
  readonly schema: string;
}

/**
 * Connects to the first server that takes writes, keeps what it acknowledges as was asked, and has the ledger.
 * @throws LedgerOpenError of the last server that is not so.
 */
export async function openSession(place: LedgerPlace, currencies: readonly Currency[]): Promise<Session> {
  let reason = new LedgerOpenError("CANNOT_CONNECT", "no server was named");
  for (const url of place.servers) {
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(url, place);
      return await openOn(connection, place, currencies);
    } catch (error) {
      await connection?.close();
      const { host } = new URL(url);
      const isKnown = error instanceof LedgerOpenError;
      reason = isKnown
        ? error
        : new LedgerOpenError("CANNOT_CONNECT", `cannot connect to ${host}: ${textOf(error)}`, { cause: error });
    }
  }
  throw reason;
}

async function openOn(connection: Connection, place: LedgerPlace, currencies: readonly Currency[]): Promise<Session> {
  if (!(await takesWrites(connection))) throw new LedgerOpenError("CANNOT_CONNECT", "the server is a standby");
  const differences = await findDifferences(connection, place);
  if (differences.length > 0) throw new LedgerOpenError("SETTINGS_DIFFER", differences.join("; "));
  await checkVersion(connection, place.schema);
  const sql = statementsFor(place.schema);
  const known = await ensureCurrencies({ connection, sql }, currencies);
  const directory = new AccountDirectory(connection, sql);
  const journal = new JournalReader(connection, sql, directory);
  const carried = new CarriedBooks();
  return { connection, sql, directory, journal, carried, currencies: known, confirmedSeq: 0 };
}

async function checkVersion(connection: Connection, schema: string): Promise<void> {
  const { rows } = await connection.run(`SELECT max(version) FROM ${schema}.migration`).catch((error: unknown) => {
    throw new LedgerOpenError("NOT_MIGRATED", `there is no ledger in the schema ${schema}`, { cause: error });
  });
  const version = Number(rows[0]?.[0]);
  if (version < MIGRATIONS.length) {
    throw new LedgerOpenError(
      "NOT_MIGRATED",
      `the schema ${schema} has version ${version}, expected ${MIGRATIONS.length}`,
    );
  }
  if (version > MIGRATIONS.length) {
    throw new LedgerOpenError(
      "VERSION_UNKNOWN",
      `the schema ${schema} has version ${version}, known is ${MIGRATIONS.length}`,
    );
  }
}

/** @returns the codes of all currencies, in the order in which they were added. */
export async function ensureCurrencies(
  { connection, sql }: Pick<Session, "connection" | "sql">,
  currencies: readonly Currency[],
): Promise<ReadonlySet<string>> {
  for (;;) {
    const { rows } = await connection.run(sql.currencies);
    const known = new Map((rows as readonly string[][]).map(([code, exponent]) => [code!, Number(exponent)]));
    for (const { code, exponent } of currencies) {
      const other = known.get(code) ?? exponent;
      if (other === exponent) continue;
      throw new LedgerOpenError(
        "CURRENCIES_DIFFER",
        `${code} has the exponent ${other} in the database, expected ${exponent}`,
      );
    }
    const missing = currencies.find(({ code }) => !known.has(code));
    if (missing === undefined) return new Set(known.keys());
    await connection.run(sql.addCurrency, [missing.code, missing.exponent]).catch((error: unknown) => {
      // Another server that opens the same ledger has just added it, or another one.
      if (!isConflict(error)) throw error;
    });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
