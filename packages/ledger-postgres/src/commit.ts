import pg from "pg";
import type { Answered, Connection, Statement } from "./connection.ts";

export const COMMIT: Statement = { name: "commit", text: "COMMIT" };

/** A transaction was to be committed, and whether it was is unknown. */
export class UnknownOutcomeError extends Error {
  override readonly name = "UnknownOutcomeError";
}

/**
 * Commits what was sent before, and answers only when it is certain that the commit is as durable as the server's settings
 * make it.
 *
 * The server warns where it gave up waiting for a standby (SQLSTATE 01000, or 57P01 when it shuts down), and then answers
 * COMMIT all the same: a warning during a commit makes its outcome unknown.
 *
 * @param sent The statements of the same flight.
 * @throws UnknownOutcomeError where the outcome is unknown; any other error where the transaction is certainly void.
 */
export async function commit(
  connection: Connection,
  sent: readonly Promise<Answered>[],
  timeoutMs: number,
): Promise<void> {
  connection.takeWarnings();
  const timer = setTimeout(() => connection.destroy(), timeoutMs);
  const results = await Promise.allSettled([...sent, connection.run(COMMIT)]);
  clearTimeout(timer);
  const [warning] = connection.takeWarnings();
  const refused = results.slice(0, -1).find((each) => each.status === "rejected");
  const last = results.at(-1)!;

  if (last.status === "fulfilled" && last.value.command === "COMMIT") {
    if (warning !== undefined) throw new UnknownOutcomeError(warning);
    return;
  }
  // A server that refused a statement of the transaction does not commit the rest of it.
  if (refused?.reason instanceof pg.DatabaseError) throw refused.reason;
  if (last.status === "fulfilled") throw new Error(`COMMIT was answered ${last.value.command}`);
  if (isConflict(last.reason)) throw last.reason;
  throw new UnknownOutcomeError("the connection was lost during COMMIT", { cause: last.reason });
}

/** Whether a transaction is void because a row is there already that it would add. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505";
}

/** Whether a transaction is void because of another one, and may go through when it is tried again. */
export function isConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === "40001" || error.code === "40P01");
}
