// Tools that one script needs and nobody else: they are installed outside of the workspace, at the version that
// tools/package.json names, when the script is run, and kept for its next run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

const { dependencies, overrides } = JSON.parse(
  readFileSync(join(import.meta.dirname, "tools", "package.json"), "utf8"),
) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
};

/** Installs a tool unless it is there, with what has to be beside it. Returns the folder of its package. */
export async function outsideTool(name: string, ...beside: readonly string[]): Promise<string> {
  const folder = join(import.meta.dirname, "..", "node_modules", ".cache", "tools", `${name}-${toolVersion(name)}`);
  const done = join(folder, "installed"); // an install that was interrupted leaves a folder without it
  if (!existsSync(done)) {
    mkdirSync(folder, { recursive: true });
    const wanted = Object.fromEntries([name, ...beside].map((each) => [each, dependencies[each]]));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: wanted, overrides }));
    console.log(`installing ${[name, ...beside].join(", ")} for this script`);
    await runCommand("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], folder);
    writeFileSync(done, "");
  }
  return join(folder, "node_modules", name);
}

/** The version of a tool, without the name that it is installed from under another. */
export function toolVersion(name: string): string {
  const version = dependencies[name];
  if (version === undefined) throw new RangeError(`scripts/tools/package.json names no tool "${name}"`);
  return version.split("@").at(-1)!;
}
