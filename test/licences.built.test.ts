// What others wrote and the programs of the apps carry in their own files.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const apps = join(import.meta.dirname, "..", "apps");

/** The packages of others that a program's source map names. */
function packagesIn(map: string): string[] {
  const { sources } = JSON.parse(readFileSync(map, "utf8")) as { readonly sources: readonly string[] };
  return sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
}

test.each(["bank", "calculator", "echo"])("the programs of %s come with the licences of all that is in them", (app) => {
  const folder = join(apps, app, "dist");
  const carried = new Set(globSync(join(folder, "*.cjs.map")).flatMap(packagesIn));
  expect([...carried]).toEqual(expect.arrayContaining(["commander", "pino", "sonic-boom"]));
  const licences = readFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), "utf8");
  const named = [...licences.matchAll(/^(\S+) \d+\.\d+\.\d+\n\n/gm)].map(([, name]) => name);
  expect(new Set(named)).toEqual(carried);
  expect(licences.match(/Permission (?:is hereby granted|to use, copy)/g)).toHaveLength(named.length);
});
