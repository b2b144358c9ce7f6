// docs/limits.md is a promise: it is compared with the code.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

test.each([
  ["`connectTimeoutMs`", "postgres-ledger.ts", "connectTimeoutMs"],
  ["`waitTimeoutMs`", "postgres-ledger.ts", "waitTimeoutMs"],
  ["`commitTimeoutMs`", "postgres-ledger.ts", "commitTimeoutMs"],
  ["idle in a transaction", "connection.ts", "IDLE_IN_TRANSACTION_MS"],
  ["calls that wait", "postgres-ledger.ts", "WAITING_MAX"],
  ["a batch", "postgres-ledger.ts", "CALLS_PER_BATCH_MAX"],
  ["a segment", "batch-run.ts", "BYTES_PER_COMMIT_MAX"],
  ["holds that expire", "batch-loader.ts", "DUE_HOLDS_MAX"],
  ["accounts known", "account-directory.ts", "REMEMBERED_MAX"],
  ["books carried over", "carried-books.ts", "CARRIED_MAX"],
  ["segments kept", "journal-reader.ts", "KEPT_SEGMENTS"],
  ["probes of the database", "postgres-ledger.ts", "PROBE_AFTER_MS"],
  ["connecting again", "postgres-ledger.ts", "RECONNECT_AFTER_MS"],
  ["copied at once", "migrate.ts", "COMMANDS_PER_WRITE"],
])("docs/limits.md says of %s what the code does", (name, file, constant) => {
  const section = read("docs/limits.md").split("## The bank on PostgreSQL")[1]!;
  const [, documented] = new RegExp(`^\\| ${name} +\\| (\\d+) +\\|`, "m").exec(section) ?? [];
  const code = read(`packages/ledger-postgres/src/${file}`);
  const values = [...code.matchAll(new RegExp(`\\b${constant} = ([\\d_]+)`, "g"))];
  expect(values.length).toBeGreaterThan(0);
  for (const [, value] of values) expect(Number(value!.replaceAll("_", ""))).toBe(Number(documented));
});
