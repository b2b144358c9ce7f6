// The small form of the crash suite, in processes of its own; crash/README.md says what it does and how to run all of it.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { whyNoShim } from "../crash/storage-shim.ts";

const program = join(import.meta.dirname, "..", "crash", "crash.ts");

async function crash(...only: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    "--small",
    "--seed",
    "1",
    "--only",
    ...only,
  ]);
  return stdout;
}

test("answers survive kill -9 at any time, each takes effect once, and a ledger that answers early is found out", async () => {
  const report = await crash("kill,controls");
  expect(report).toMatch(/^kill: 4 kills, .* 0 lost, 0 duplicated, 0 half-done, 0 unopened, 0 differing$/m);
  expect(report).toMatch(/^control answers-before-commit, kill: caught/m);
});

// Needs a C compiler, on Linux. The report says which parts were not run.
test.skipIf(whyNoShim() !== undefined)(
  "answers survive a kill at any storage call, power cuts, failing fsyncs, a full disk and short writes",
  async () => {
    const report = await crash("syscalls,power,recovery,fsync,full,short");
    expect(report).toMatch(/^all: .* 0 lost, 0 duplicated, 0 half-done, 0 unopened, 0 differing; seed 1/m);
  },
);
