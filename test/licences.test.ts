// What others wrote and we use: under which terms. A licence that is on neither list is a person's to judge, and then to add.
import { globSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** They ask for a notice and no more, so whoever installs our packages owes nothing else. */
const permissive = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "BlueOak-1.0.0", "0BSD"];
/** Also good for tools that are run here and are in nothing that is published. */
const forTools = [...permissive, "MPL-2.0"];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** Those of the packages in these folders whose licence is on none of a list, with what they say. */
function outside(list: readonly string[], folders: Iterable<string>): string[] {
  return [...folders]
    .map(manifestOf)
    .filter(({ license }) => !list.includes(license ?? ""))
    .map(({ name, version, license }) => `${name} ${version}: ${license ?? "says none"}`);
}

/** The folders of what packages in these folders depend on, and so on. */
function dependenciesOf(folders: readonly string[], found: Set<string> = new Set()): Set<string> {
  for (const folder of folders) {
    for (const name of Object.keys(manifestOf(folder).dependencies ?? {})) {
      // A package of the workspace has them below; others beside themselves, as pnpm lays them out.
      const above = folder.includes(".pnpm") ? folder.slice(0, folder.lastIndexOf("node_modules")) : folder;
      const dependency = realpathSync(join(above, "node_modules", name));
      if (found.has(dependency)) continue;
      found.add(dependency);
      dependenciesOf([dependency], found);
    }
  }
  return found;
}

test("everything that is installed may be used as we use it", () => {
  const installed = globSync("node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json", { cwd: root })
    .map((file) => join(root, dirname(file)))
    .filter((folder) => !lstatSync(folder).isSymbolicLink());
  expect(installed.length).toBeGreaterThan(100);
  expect(outside(forTools, installed)).toEqual([]);
});

test("everything that comes with a published package asks for a notice and no more", () => {
  const published = globSync("{packages,apps}/*/package.json", { cwd: root })
    .map((file) => join(root, dirname(file)))
    .filter((folder) => manifestOf(folder).private !== true);
  const carried = join(root, "packages/program"); // by the programs of the apps, in their own files
  const dependencies = dependenciesOf([...published, carried]);
  expect([...dependencies].map((folder) => manifestOf(folder).name)).toEqual(expect.arrayContaining(["pg", "pino"]));
  expect(outside(permissive, [...published, ...dependencies])).toEqual([]);
});
