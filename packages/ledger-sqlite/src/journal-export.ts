import type { Currency, Head } from "@tallyline/ledger";
import { openToRead } from "./ledger-file.ts";
import { readState } from "./recovery.ts";
import { headInFile } from "./verify.ts";

/** The journal in a ledger's file, as it was at one moment: all that the books are made of. */
export interface ExportedJournal extends Disposable {
  /** What the first segment links to is the SHA-256 of this. */
  readonly identity: Uint8Array;
  readonly currencies: readonly Currency[];
  /** Where it ends. */
  readonly head: Head;
  /** All segments in order, read as they are asked for. Nothing is checked. */
  readonly segments: Iterable<Uint8Array>;
}

/**
 * Opens the journal of a ledger's file to copy it elsewhere, beside the process that may be using it.
 * @throws LedgerOpenError where the file is no ledger of this layout.
 */
export function exportJournal(path: string): ExportedJournal {
  const database = openToRead(path);
  database.exec("BEGIN");
  const currencies = database.prepare("SELECT code, exponent FROM currency ORDER BY number").all();
  return {
    identity: readState(database).identity,
    currencies: currencies as unknown as Currency[],
    head: headInFile(database),
    segments: {
      *[Symbol.iterator]() {
        const rows = database.prepare("SELECT body FROM segment ORDER BY first_seq");
        for (const row of rows.iterate()) yield row["body"] as Uint8Array;
      },
    },
    [Symbol.dispose]: () => database.close(),
  };
}
