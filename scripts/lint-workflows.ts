// `npx -y pnpm@12.21.0 lint-workflows`: actionlint on the workflows of .github, and what it does not look at: every action
// is pinned to a commit, with its version beside it, and permissions begin with none or with reading.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { outsideTool } from "./outside-tool.ts";

const root = join(import.meta.dirname, "..");
const { createLinter } = (await import(pathToFileURL(join(await outsideTool("actionlint"), "node.mjs")).href)) as {
  readonly createLinter: () => Promise<(text: string, path: string) => readonly Finding[]>;
};
interface Finding {
  readonly line: number;
  readonly message: string;
}

const lint = await createLinter();
const workflows = globSync(".github/workflows/*.yml", { cwd: root });
const findings = workflows.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const lines = text.split("\n").map((content, index) => ({ content, line: index + 1 }));
  return [
    ...lint(text, file),
    ...lines
      .filter(
        ({ content }) => content.includes("uses:") && !/uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(content),
      )
      .map(({ line }) => ({ line, message: "pin the action to a commit, and name its version after it" })),
    ...(/^permissions:( \{\}|\n {2}contents: read)$/m.test(text)
      ? []
      : [{ line: 1, message: "begin with no permissions, or with reading the contents" }]),
  ].map(({ line, message }) => `${file}:${line}: ${message}`);
});

console.log(findings.join("\n") || `${workflows.length} workflows, nothing to say`);
process.exitCode = findings.length === 0 && workflows.length > 0 ? 0 : 1;
