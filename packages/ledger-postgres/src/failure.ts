import pg from "pg";
import type { NotRun } from "./call.ts";
import { isConflict, UnknownOutcomeError } from "./commit.ts";
import type { Connection } from "./connection.ts";

/** What is to be done after a transaction failed. */
export type Remedy =
  | { readonly kind: "unknown" }
  /** Another transaction was in the way: the same again. */
  | { readonly kind: "again" }
  /** Nothing happened, and this connection is of no use any more: the same again on another one. */
  | { readonly kind: "elsewhere" }
  /** Nothing happened: the callers may come again later. */
  | { readonly kind: "refuse"; readonly code: NotRun }
  /** Trying again will not help. */
  | { readonly kind: "over" };

const LOCK_NOT_AVAILABLE = "55P03";
const QUERY_CANCELED = "57014";
const DISK_FULL = "53100";
const READ_ONLY = "25006";

/** Tells from an error what is to be done. SQLSTATE classes are those of PostgreSQL's appendix A. */
export function remedyFor(error: unknown, connection: Connection): Remedy {
  if (error instanceof UnknownOutcomeError) return { kind: "unknown" };
  if (isConflict(error)) return { kind: "again" };
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    const { code } = error;
    if (code === DISK_FULL) return { kind: "refuse", code: "STORE_FULL" };
    if (code === LOCK_NOT_AVAILABLE || code === QUERY_CANCELED) return { kind: "refuse", code: "STORE_BUSY" };
    // 08: connection; 57P: the server shuts down or starts; 53: it is short of something; 25006: it became a standby.
    if (code === READ_ONLY || ["08", "57", "53"].includes(code.slice(0, 2))) return { kind: "elsewhere" };
  }
  return connection.isLost ? { kind: "elsewhere" } : { kind: "over" };
}
