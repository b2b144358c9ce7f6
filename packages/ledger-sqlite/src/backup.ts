import { closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import * as sqlite from "node:sqlite";
import type { Head } from "@tallyline/ledger";
import { LedgerCopyError, LedgerOpenError } from "./errors.ts";
import { openToRead, orphanedLog, syncFile, syncFolder } from "./ledger-file.ts";
import { headInFile, verifyLedgerFile } from "./verify.ts";

/** How to copy. */
export interface BackupOptions {
  /** Told now and then how far it is, in pages of the file. */
  readonly onProgress?: (progress: { readonly copiedPages: number; readonly totalPages: number }) => void;
}

/** Pages copied between two reports: 4 MB. */
const PAGES_PER_STEP = 1024;

/**
 * Copies a ledger's file to a new one while a process may be using it: the copy is the ledger as it was at one moment,
 * whole, synced, readable by its owner only, and named only once it is complete.
 * @returns where the journal of the copy ends.
 * @throws LedgerOpenError where there is no ledger; LedgerCopyError where there is something already, or no room.
 */
export async function backupLedger(path: string, target: string, { onProgress }: BackupOptions = {}): Promise<Head> {
  refuseToOverwrite(target);
  const source = openToRead(path);
  const part = `${target}.part`;
  try {
    // One transaction, so that what is written meanwhile neither shows nor makes it begin again.
    source.exec("BEGIN");
    const head = headInFile(source);
    rmSync(part, { force: true });
    closeSync(openSync(part, "wx", 0o600));
    await sqlite.backup(source, part, {
      rate: PAGES_PER_STEP,
      progress: ({ totalPages, remainingPages }) => {
        onProgress?.({ copiedPages: totalPages - remainingPages, totalPages });
      },
    });
    const totalPages = finish(part);
    onProgress?.({ copiedPages: totalPages, totalPages });
    renameSync(part, target);
    syncFolder(dirname(target));
    return head;
  } catch (error) {
    rmSync(part, { force: true });
    if (error instanceof LedgerOpenError || !(error instanceof Error)) throw error;
    throw new LedgerCopyError("COPY_FAILED", target, `could not be written: ${error.message}`, { cause: error });
  } finally {
    source.close();
  }
}

function refuseToOverwrite(target: string): void {
  const existing = existsSync(target) ? target : orphanedLog(target);
  if (existing !== undefined) throw new LedgerCopyError("TARGET_EXISTS", existing, "is there already");
}

/** Without a write-ahead log a copy is one file, also while somebody reads it. @returns how many pages it has. */
function finish(path: string): number {
  const copy = new sqlite.DatabaseSync(path);
  copy.exec("PRAGMA journal_mode = DELETE");
  const pageCount = copy.prepare("PRAGMA page_count").get()!["page_count"] as number;
  copy.close();
  syncFile(path);
  return pageCount;
}

/**
 * Makes a ledger's file from a backup, after all of the backup was verified. Nothing is overwritten.
 * @returns where the journal of the ledger ends.
 * @throws LedgerOpenError where the backup is none, or damaged; LedgerCopyError as {@link backupLedger}.
 */
export async function restoreLedger(from: string, target: string, options?: RestoreOptions): Promise<Head> {
  refuseToOverwrite(target);
  const verification = await verifyLedgerFile(from, options);
  if (!verification.ok) {
    throw new LedgerOpenError("DAMAGED", from, `is damaged at ${verification.seq}: ${verification.what}`);
  }
  return backupLedger(from, target, options && { ...(options.onCopy && { onProgress: options.onCopy }) });
}

/** How to restore. */
export interface RestoreOptions {
  /** Told how far verifying is: places in the order. */
  readonly onProgress?: (progress: { readonly seq: number; readonly lastSeq: number }) => void;
  /** Told how far copying is, in pages of the file. */
  readonly onCopy?: NonNullable<BackupOptions["onProgress"]>;
}
