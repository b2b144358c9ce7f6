import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite-error.ts";

/**
 * Owns a ledger file for as long as the process lives, by the lock of an empty SQLite file beside it, `PATH-lock`: the
 * system gives it back when the process ends, however that ends. Nothing is ever written to it, so nothing in it can be
 * damaged, and other processes may read the ledger meanwhile, to verify it or to copy it.
 *
 * @returns what gives it back; undefined when another process, or this one, has it.
 */
export function lockFile(path: string): (() => void) | undefined {
  create(`${path}-lock`);
  const lock = new DatabaseSync(`${path}-lock`);
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return () => lock.close();
}

/** Never opens a file that is there: closing it would give back the lock that this process may have on it. */
function create(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
