import type { Connection } from "./connection.ts";

/** What an operator asks of every server that the ledger may be on. */
export interface ServerSettings {
  /**
   * What `synchronous_standby_names` has to be, to the letter. Default "": there is no standby, and what a lost disk takes
   * with it is lost.
   */
  readonly synchronousStandbyNames?: string;
  /** What `synchronous_commit` has to be. Default "on": with standbys, a commit waits until they have it on disk. */
  readonly synchronousCommit?: "on" | "remote_apply";
  /** What `default_transaction_isolation` has to be, and transactions are. Default "read committed". */
  readonly isolation?: "read committed" | "serializable";
}

const QUERY = `SELECT name, setting FROM pg_settings WHERE name IN (
  'fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'default_transaction_isolation')`;

/** @returns what of a server's settings is not as asked, as sentences; none where all is. */
export async function findDifferences(
  connection: Connection,
  { synchronousStandbyNames = "", synchronousCommit = "on", isolation = "read committed" }: ServerSettings,
): Promise<string[]> {
  const { rows } = await connection.run(QUERY);
  const settings = new Map(rows as readonly [string, string][]);
  const expected = {
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: synchronousCommit,
    synchronous_standby_names: synchronousStandbyNames,
    default_transaction_isolation: isolation,
  };
  return Object.entries(expected).flatMap(([name, value]) => {
    // PostgreSQL has all of them. What speaks its protocol and has one of them not is durable by other means.
    const found = settings.get(name) ?? value;
    return found === value ? [] : [`${name} is ${JSON.stringify(found)}, expected ${JSON.stringify(value)}`];
  });
}

/** Whether a server takes writes: a standby does not. */
export async function takesWrites(connection: Connection): Promise<boolean> {
  const { rows } = await connection.run("SHOW transaction_read_only");
  return rows[0]?.[0] === "off";
}
