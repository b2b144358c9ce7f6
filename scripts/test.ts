// `npx -y pnpm@12.21.0 test`: every check there is. Static checks and builds come from the task runner, which remembers
// what has not changed; tests run on the sources and again on what the packages publish. The last line counts them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "tallyline-test-"));
// What Node has compiled of the tools, kept between runs: it saves a quarter of the processor time of the tests.
const compileCache = join(root, "node_modules", ".cache", "compile");
const total = { passed: 0, failed: 0, skipped: 0 };

const checks = ["build", "typecheck", "check", "//#typecheck:root", "//#lint", "//#boundaries", "//#unused"];
const areChecksGreen = run("turbo", ["run", ...checks, "--output-logs=errors-only"]);
if (!areChecksGreen) total.failed += 1;

test("sources", {});
if (areChecksGreen) test("built packages", { VITEST_TARGET: "dist" });
else console.log("The tests of the built packages were not run, because the checks above failed.");

rmSync(scratch, { recursive: true });
if (total.skipped > 0) console.log(`${total.skipped} skipped: see above for which.`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function test(what: string, environment: NodeJS.ProcessEnv): void {
  console.log(`\nTests of the ${what}`);
  const report = join(scratch, `${what}.json`);
  const isGreen = run(
    "vitest",
    ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`],
    environment,
  );
  const counted = readReport(report);
  total.passed += counted.numPassedTests;
  total.skipped += counted.numPendingTests + counted.numTodoTests;
  // A run can fail with every test green, for instance when something rejects after its test has ended; and one that
  // ran no test has shown nothing.
  total.failed += isGreen && counted.numPassedTests > 0 ? 0 : Math.max(1, counted.numFailedTests);
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}

function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): boolean {
  const { status } = spawnSync(join(root, "node_modules", ".bin", command), args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NODE_COMPILE_CACHE: compileCache, ...environment },
  });
  return status === 0;
}
