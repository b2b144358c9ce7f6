// The libraries' own tests, on what the packages publish, in another runtime than the one that everything else here runs on.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Runtime {
  /** As a table names it: `Node.js 22.23.3`. */
  readonly title: string;
  /** The packages that are tried on it. */
  readonly packages: readonly string[];
  /** The program and its arguments that run a package's tests and write what came of them to a file, as vitest's JSON. */
  readonly command: (folder: string, report: string) => readonly string[];
}

export interface Outcome {
  readonly passed: number;
  /** The names of the tests that failed, and of the files that could not be run. */
  readonly failed: readonly string[];
  readonly skipped: number;
  /** Why nothing was counted, where that is so. */
  readonly problem?: string;
}

const timeoutMs = 10 * 60_000;

/** Runs the tests of the package in a folder. */
export async function runTests(runtime: Runtime, folder: string): Promise<Outcome> {
  const place = mkdtempSync(join(tmpdir(), "tallyline-runtime-"));
  const report = join(place, "report.json");
  const [program, ...args] = runtime.command(folder, report);
  try {
    const child = spawn(program!, args, {
      cwd: folder,
      env: { ...process.env, VITEST_TARGET: "dist" },
      stdio: "ignore",
      detached: true, // with what it starts it is a group, which is ended together
    });
    // Servers that a failed test left behind go with it.
    const end = () => {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // Nobody of the group is left.
      }
    };
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      const timer = setTimeout(end, timeoutMs);
      child.once("error", reject);
      child.once("exit", (code) => {
        clearTimeout(timer);
        end();
        resolve(code);
      });
    });
    return outcomeOf(report, exitCode);
  } finally {
    rmSync(place, { recursive: true });
  }
}

function outcomeOf(file: string, exitCode: number | null): Outcome {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    const problem = exitCode === null ? `did not end in ${timeoutMs / 60_000} minutes` : `ended with ${exitCode}`;
    return { passed: 0, failed: [], skipped: 0, problem };
  }
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: string) => tests.filter((each) => each.status === status).map(({ fullName }) => fullName);
  const broken = report.testResults
    .filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0)
    .map(({ name }) => `${name.replace(/.*\/test\//, "")}, the whole file`);
  const [passed, failed] = [named("passed").length, [...named("failed"), ...broken]];
  // Green and yet not well: something was rejected after its test had ended.
  if (failed.length === 0 && exitCode !== 0) failed.push("an error outside of any test");
  return { passed, failed, skipped: tests.length - passed - named("failed").length };
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}
