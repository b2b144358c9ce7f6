import { createProgram, EXIT, parseFlags, report } from "@tallyline/program";
import type { VerifyOptions } from "@tallyline/ledger";
import type { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { storeDatabase, storeFile } from "./store.ts";

/** `bank-server verify`: recomputes the books from their journal. Exit code 1 where they are damaged. */
export async function verify(): Promise<void> {
  const { program, store } = begin(
    "verify",
    "Recomputes all of the books from their journal; a server may be using them.",
  );
  await finish(program, async (show) => {
    const onProgress: VerifyOptions["onProgress"] = ({ seq, lastSeq }) => show("verified", seq, lastSeq);
    const database = await storeDatabase(store);
    const file = database === undefined ? await storeFile(store) : undefined;
    const verification =
      (await database?.verifyLedger({ ...database.place, onProgress })) ??
      (await file!.verifyLedgerFile(file!.path, { onProgress }));
    if (!verification.ok)
      throw new Error(`${file?.path ?? "the ledger"} is damaged at ${verification.seq}: ${verification.what}`);
    return `verified seq=${verification.seq} head=${verification.head}`;
  });
}

/** `bank-server backup FILE`: copies the books as they are at one moment. */
export async function backup(): Promise<void> {
  const description = "Copies the books to a new file, as they are at one moment; a server may be using them.";
  const { program, store, file } = begin("backup", description, "the file to make");
  await finish(program, async (show) => {
    const { path, backupLedger } = await storeFile(store);
    const { seq, head } = await backupLedger(path, file, {
      onProgress: ({ copiedPages, totalPages }) => show("copied", copiedPages, totalPages),
    });
    return `copied seq=${seq} head=${head}`;
  });
}

/** `bank-server restore FILE`: verifies a backup and makes the books of it, where there are none. */
export async function restore(): Promise<void> {
  const description = "Verifies a backup, and makes the books of it where there are none yet.";
  const { program, store, file } = begin("restore", description, "the backup");
  await finish(program, async (show) => {
    const { path, restoreLedger } = await storeFile(store);
    const { seq, head } = await restoreLedger(file, path, {
      onProgress: ({ seq: verified, lastSeq }) => show("verified", verified, lastSeq),
      onCopy: ({ copiedPages, totalPages }) => show("copied", copiedPages, totalPages),
    });
    return `restored seq=${seq} head=${head}`;
  });
}

function begin(
  name: string,
  description: string,
  fileDescription?: string,
): { readonly program: Command; readonly store: string; readonly file: string } {
  const program = createProgram({
    name: `bank-server-${name}`,
    version: manifest.version,
    description,
    logLevel: "info",
  }).option("--store <url>", "where the books are kept: sqlite:PATH", "sqlite:.tallyline/bank.db");
  if (fileDescription !== undefined) program.argument("<file>", fileDescription);
  const { flags, words } = parseFlags<{ readonly store: string }>(program);
  return { program, store: flags.store, file: words[0] ?? "" };
}

/** Says how far it is, at most so often. */
const PROGRESS_EVERY_MS = 500;

/** Does the work: progress on stderr, what came of it on stdout. */
export async function finish(
  program: Command,
  work: (show: (done: string, count: number, total: number) => void) => Promise<string>,
): Promise<void> {
  let shownAtMs = Date.now();
  try {
    const outcome = await work((done, count, total) => {
      if (Date.now() - shownAtMs < PROGRESS_EVERY_MS) return;
      shownAtMs = Date.now();
      process.stderr.write(`${done} ${count} of ${total}\n`);
    });
    process.stdout.write(`${outcome}\n`);
  } catch (error) {
    process.exitCode = EXIT.refused;
    await report(program, error);
  }
}
