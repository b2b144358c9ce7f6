import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { compareWithMemory } from "@tallyline/ledger/scenarios";
import { afterAll, expect, test } from "vitest";

// The long form is bench/differential.ts.
const folder = mkdtempSync(join(tmpdir(), "tallyline-"));
afterAll(() => rmSync(folder, { recursive: true }));

function compare(seed: number, commandCount: number): Promise<void> {
  const path = join(folder, `seed-${seed}.db`);
  return compareWithMemory((options) => openSqliteLedger({ ...options, path }), { seed, commandCount });
}

test.each([1, 2, 3, 4])("answers as the ledger in memory does, whatever it is asked: seed %i", async (seed) => {
  await expect(compare(seed, 1500)).resolves.toBeUndefined();
});

test("answers as the ledger in memory does after the tables took over from the tail", async () => {
  await expect(compare(5, 6000)).resolves.toBeUndefined();
});
