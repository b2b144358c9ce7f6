// docs/limits.md is a promise: it is compared with the code.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** `name: number` of an object in a source file, as `group.name`. */
function defaultsIn(file: string, group: "limits" | "timeouts"): [string, number][] {
  const object = group === "limits" ? "defaultLimits" : "defaultTimeouts";
  const [, body = ""] = new RegExp(`const ${object} = \\{([^}]*)\\}`).exec(read(file)) ?? [];
  return [...body.matchAll(/(\w+): ([\d_]+)/g)].map(([, name, value = ""]) => [
    `${group}.${name}`,
    Number(value.replaceAll("_", "")),
  ]);
}

/** The rows of a section's table, name to default. */
function documented(title: string): Record<string, number> {
  const section =
    read("docs/limits.md")
      .split(/^## /m)
      .find((each) => each.startsWith(title)) ?? "";
  const rows = section.matchAll(/^\| `((?:limits|timeouts)\.\w+)`\s*\| (\d+)\s*\|/gm);
  return Object.fromEntries([...rows].map(([, name, value]) => [name, Number(value)]));
}

test.each([
  ["UDP server", "packages/udp/src/server-options.ts", 14],
  ["UDP client", "packages/udp/src/client-options.ts", 9],
])("docs/limits.md has every limit of the %s with its default", (title, file, count) => {
  const inCode = [...defaultsIn(file, "limits"), ...defaultsIn(file, "timeouts")];
  expect(inCode).toHaveLength(count);
  expect(documented(title)).toEqual(Object.fromEntries(inCode));
});
