// docs/security.md is a promise of tests: each that it names is there.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const folders = ["apps/bank/test", "packages/bank-protocol/test"];

test("docs/security.md names tests that exist, one for each threat", () => {
  const page = readFileSync(join(root, "docs/security.md"), "utf8");
  const threats = page.slice(page.indexOf("## Threats"), page.indexOf("## What is left"));
  const rows = threats.split("\n").filter((line) => line.startsWith("| ") && !/^\| (?:threat|-)/.test(line));
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) {
    const [, file = "", title = ""] = /`([\w.-]+\.test\.ts)` ([^|]+?) *\|$/.exec(row) ?? [];
    const path = folders.map((folder) => join(root, folder, file)).find((each) => existsSync(each));
    expect(path, row).toBeDefined();
    expect(readFileSync(path!, "utf8"), row).toContain(title);
  }
});
