import { resolve } from "node:path";
import { createMemoryLedger, type Currency, type Ledger } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";

/** The store that `--store` names is none that this bank knows. */
export class StoreUrlError extends Error {
  override readonly name = "StoreUrlError";
}

/**
 * Opens the ledger that a store URL names: `sqlite:PATH`, relative to the current folder, or `memory:`.
 * @throws StoreUrlError for another URL; LedgerOpenError when the file cannot be opened.
 */
export async function openStore(url: string, currencies: readonly Currency[]): Promise<Ledger> {
  if (url === "memory:") return createMemoryLedger({ currencies });
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined) throw new StoreUrlError(`store is "${url}", expected sqlite:PATH or memory:`);
  return openSqliteLedger({ path: resolve(path), currencies });
}
