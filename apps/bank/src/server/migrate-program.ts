import { createProgram, parseFlags } from "@tallyline/program";
import manifest from "../../package.json" with { type: "json" };
import { finish } from "./books-program.ts";
import { storeDatabase, storeFile } from "./store.ts";

/**
 * `bank-server migrate`: makes the tables of a ledger on PostgreSQL or brings them to this version, as the role that owns
 * them; with `--from`, copies the books of a file there, every segment of them, and verifies the copy to its last entry.
 */
export async function migrate(): Promise<void> {
  const program = createProgram({
    name: "bank-server-migrate",
    version: manifest.version,
    description: "Makes the tables of a bank on PostgreSQL, and copies the books of a file there.",
    logLevel: "info",
  })
    .requiredOption("--store <url>", "the database, as its owner: postgres://USER@HOST/DATABASE")
    .option("--role <name>", "the role of bank servers: it is given what they need, and no more")
    .option("--from <url>", "books to copy, which no server may be using: sqlite:PATH");
  const { flags } = parseFlags<{ readonly store: string; readonly role?: string; readonly from?: string }>(program);

  await finish(program, async (show) => {
    const database = await storeDatabase(flags.store);
    if (database === undefined) throw new Error(`store is "${flags.store}", expected postgres://USER@HOST/DATABASE`);
    const { place, migrateLedger, importJournal } = database;
    const [server] = place.servers;
    await migrateLedger({ ...place, server, ...(flags.role !== undefined && { role: flags.role }) });
    if (flags.from === undefined) return "migrated";

    const { path, exportJournal } = await storeFile(flags.from);
    using journal = exportJournal(path);
    const onProgress = (seq: number): void => show("copied", seq, journal.head.seq);
    const { seq, head } = await importJournal({ ...place, server, onProgress }, journal);
    if (seq !== journal.head.seq || head !== journal.head.head) {
      throw new Error(
        `the copy ends at ${seq} with ${head}, the file at ${journal.head.seq} with ${journal.head.head}`,
      );
    }
    return `migrated seq=${seq} head=${head}`;
  });
}
