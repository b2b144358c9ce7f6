// The small form of the crash suite, in processes of its own; crash/README.md says what it does and how to run all of it.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { whyNoShim } from "../crash/storage-shim.ts";

// Not to be judged by the clock of a busy machine: it is some thirty processes.
const timeoutMs = 300_000;
const program = join(import.meta.dirname, "..", "crash", "crash.ts");

/** @returns the report, also of promises that were broken. */
async function crash(only: string): Promise<string> {
  const run = promisify(execFile)(process.execPath, [program, "--small", "--seed", "1", "--only", only]);
  const { stdout, stderr } = await run.catch((error: { readonly stdout: string; readonly stderr: string }) => error);
  return stdout + stderr;
}

test(
  "answers survive kill -9",
  async () => {
    const report = await crash("kill");
    expect(report).toMatch(/^kill: 3 kills, .* 0 lost, 0 duplicated, 0 half-done, 0 unopened, 0 differing$/m);
    expect(report).toMatch(/^kept all promises$/m);
  },
  timeoutMs,
);

// Needs a C compiler, on Linux. The last of it are ledgers that are known to lose answers.
test.skipIf(whyNoShim() !== undefined)(
  "answers survive a kill at any storage call, power cuts, failing fsyncs, a full disk and short writes",
  async () => {
    const report = await crash("syscalls,power,recovery,fsync,full,short,controls");
    expect(report).toMatch(/^all: .* 0 lost, 0 duplicated, 0 half-done, 0 unopened, 0 differing; seed 1/m);
    expect(report.match(/^control .*: caught/gm)).toHaveLength(3);
    expect(report).toMatch(/^kept all promises$/m);
  },
  timeoutMs,
);
