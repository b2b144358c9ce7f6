// Code in a README or a guide is a file that is run: the copy is compared with it, and what it prints with what is claimed.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { findPostgres } from "../packages/ledger-postgres/src/postgres-server.ts";

const root = join(import.meta.dirname, "..");

interface Example {
  readonly file: string;
  readonly code: string;
  /** What the README says it prints; undefined when it does not say. */
  readonly output: string | undefined;
}

/** The code blocks fenced as `LANGUAGE file=PATH`, each with a `text output` block that follows at once. */
function examplesOf(readme: string): Example[] {
  const blocks = /^```\w+ file=(\S+)\n([\s\S]*?)^```\n(?:\n```text output\n([\s\S]*?)^```\n)?/gm;
  return [...readFileSync(join(root, readme), "utf8").matchAll(blocks)].map(([, file = "", code = "", output]) => ({
    file,
    code,
    output,
  }));
}

const readmes = globSync(["README.md", "{packages,apps}/*/README.md", "docs/guides/*.md"], { cwd: root });
const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe.each(readmes)("%s", (readme) => {
  const examples = examplesOf(readme);
  const folder = join(root, dirname(readme));

  test("tags every block of code with the file that it shows", () => {
    expect(readFileSync(join(root, readme), "utf8").match(/^```(ts|typescript|js|javascript|python)$/gm)).toBeNull();
  });

  test.for(examples)("shows $file as it is", ({ file, code }) => {
    expect(code).toBe(readFileSync(join(folder, file), "utf8"));
  });

  // Programs in other languages are run by an example in TypeScript, which shows what they print.
  test.for(examples.filter(({ file }) => file.endsWith(".ts")))(
    "shows what $file prints",
    async ({ file, code, output }, { skip }) => {
      skip(code.includes("startPostgres") && findPostgres() === undefined, "PostgreSQL is not installed");
      skip(code.includes('"python3"') && !hasPython, "Python is not installed");
      const printed: string[] = [];
      const log = vi
        .spyOn(console, "log")
        .mockImplementation((...values: unknown[]) => void printed.push(format(...values)));
      await import(`${join(folder, file)}?in=${readmes.indexOf(readme)}`); // once for each README that shows it
      log.mockRestore();
      expect(printed.map((line) => `${line}\n`).join("")).toBe(output ?? "");
    },
  );
});

const ofPackages = readmes.filter((readme) => /^(packages|apps)\//.test(readme) && !readme.includes("/program/"));

describe.each(ofPackages)("%s, as every package's README,", (readme) => {
  test("begins with one sentence, how to install it, and a complete example of fewer than 15 lines", () => {
    const opening = /^# .*\n\n[^.]+\.\n\n```sh\nnpm install .*\n```\n\n```ts file=/;
    expect(readFileSync(join(root, readme), "utf8")).toMatch(opening);
    const [first] = examplesOf(readme);
    expect(first?.code.split("\n").filter((line) => line !== "").length).toBeLessThan(15);
  });

  test("goes on with what it does not do, its API, its limits and its errors", () => {
    const headings = [...readFileSync(join(root, readme), "utf8").matchAll(/^## (.*)$/gm)].map(
      ([, heading]) => heading,
    );
    const order = readme.startsWith("apps/")
      ? ["What it does not do", "Programs", "The API", "Limits and errors"]
      : ["What it does not do", "The API", "Limits", "Errors"];
    expect(headings.slice(0, 4)).toEqual(order);
  });
});
