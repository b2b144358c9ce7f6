import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compareWithMemory } from "./differential.ts";

// The long form is bench/differential.ts.
const folder = mkdtempSync(join(tmpdir(), "tallyline-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([1, 2, 3, 4])("answers as the ledger in memory does, whatever it is asked: seed %i", async (seed) => {
  await expect(compareWithMemory(folder, seed, 1500)).resolves.toBeUndefined();
});

test("answers as the ledger in memory does after the tables took over from the tail", async () => {
  await expect(compareWithMemory(folder, 5, 6000)).resolves.toBeUndefined();
});
