// `npx -y pnpm@12.21.0 test`: every check there is. Tests run on the sources and again on what the packages publish. The
// task runner remembers what was green and has not changed since, tests too; `test --force` runs everything again.
// The last line counts the tests.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
// What Node has compiled of the tools, kept between runs: it saves a quarter of the processor time of the tests.
const compileCache = join(root, "node_modules", ".cache", "compile");
const checks = ["build", "typecheck", "check", "//#typecheck:root", "//#lint", "//#boundaries", "//#unused"];
const args = ["run", ...checks, "test:sources", "test:built", ...process.argv.slice(2)];
// Tests over sockets are made for a busy machine, but one package a core is busy enough.
args.push("--concurrency=100%", "--continue=dependencies-successful", "--output-logs=errors-only");

// A report of an earlier run must not be counted.
for (const report of reports()) rmSync(report);
const { status } = spawnSync(join(root, "node_modules", ".bin", "turbo"), args, {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NODE_COMPILE_CACHE: compileCache },
});

const total = { passed: 0, failed: 0, skipped: 0 };
for (const report of reports()) {
  const counted = JSON.parse(readFileSync(report, "utf8")) as Report;
  total.passed += counted.numPassedTests;
  total.failed += counted.numFailedTests;
  total.skipped += counted.numPendingTests + counted.numTodoTests;
}
// A run can fail with every test green: a check failed, or something rejected after its test had ended. And one that ran
// no test has shown nothing.
if (total.failed === 0 && (status !== 0 || total.passed === 0)) total.failed = 1;
if (total.skipped > 0) console.log(`${total.skipped} skipped: they need what this machine does not have.`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

function reports(): string[] {
  return globSync("{.,bench,packages/*,apps/*}/.turbo/test-{sources,built}.json", { cwd: root }).map((file) =>
    join(root, file),
  );
}
