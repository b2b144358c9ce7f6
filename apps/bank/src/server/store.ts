import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import { createMemoryLedger, type Currency, type Ledger } from "@tallyline/ledger";
import { parsePostgresUrl, type PostgresPlace } from "./postgres-url.ts";

/** The store that a URL names cannot be had: the URL is none that this bank knows, or this Node.js is too old for it. */
class StoreError extends Error {
  override readonly name = "StoreError";
}

/** What a store tells while it is open. */
export interface StoreEvents {
  /** A store on another machine can be used, or cannot; `reason` says why. */
  readonly onReadiness?: (isReady: boolean, reason?: unknown) => void;
}

/**
 * Opens the ledger that a store URL names: `sqlite:PATH`, relative to the current folder, `postgres://…`, or `memory:`.
 * @throws StoreError when there is no such store; LedgerOpenError when it cannot be opened.
 */
export async function openStore(
  url: string,
  currencies: readonly Currency[],
  events: StoreEvents = {},
): Promise<Ledger> {
  if (url === "memory:") return createMemoryLedger({ currencies, now: Date.now });
  const database = await storeDatabase(url);
  if (database !== undefined) return database.openPostgresLedger({ ...database.place, ...events, currencies });
  const { path, openSqliteLedger } = await storeFile(url);
  return openSqliteLedger({ path, currencies });
}

/**
 * The file that a store URL names, and what can be done with it.
 * @throws StoreError when the URL names none, or this Node.js is too old.
 */
export async function storeFile(
  url: string,
): Promise<typeof import("@tallyline/ledger-sqlite") & { readonly path: string }> {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined)
    throw new StoreError(`store is "${url}", expected sqlite:PATH, postgres://USER@HOST/DATABASE or memory:`);

  // Loaded only here, so that an older Node.js gets this sentence and not a missing module's.
  if (!isBuiltin("node:sqlite")) {
    throw new StoreError(
      `store ${url} needs Node.js 22.18 or later, this is ${process.versions.node} (${process.execPath})`,
    );
  }
  return { ...(await import("@tallyline/ledger-sqlite")), path: resolve(path) };
}

/** The database that a store URL names, and what can be done with it; undefined when it names none. */
export async function storeDatabase(
  url: string,
): Promise<(typeof import("@tallyline/ledger-postgres") & { readonly place: PostgresPlace }) | undefined> {
  const place = parsePostgresUrl(url);
  // Loaded only here: who keeps the books in a file does not wait for it.
  return place && { ...(await import("@tallyline/ledger-postgres")), place };
}
