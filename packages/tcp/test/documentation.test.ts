// docs/limits.md and docs/failures.md are promises: the first is compared with the code, the second with the tests.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** `name: number` of an options object in a source file. */
function defaultsIn(file: string, object: string): Record<string, number> {
  const [, body = ""] = new RegExp(`const ${object}[^{]*\\{([^}]*)\\}`).exec(read(file)) ?? [];
  return Object.fromEntries(
    [...body.matchAll(/(\w+): ([\d_ *]+)/g)].map(([, name = "", value = ""]) => {
      const [base = Number.NaN, exponent = 1] = value.split("**").map((part) => Number(part.replaceAll("_", "")));
      return [name, base ** exponent];
    }),
  );
}

/** The rows of a section's table, name to default. */
function documented(title: string): Record<string, number> {
  const section =
    read("docs/limits.md")
      .split(/^## /m)
      .find((each) => each.startsWith(title)) ?? "";
  const rows = section.matchAll(/^\| `(limits|timeouts)\.(\w+)`\s*\| (\d+)\s*\|/gm);
  return Object.fromEntries([...rows].map(([, group, name, value]) => [`${group}.${name}`, Number(value)]));
}

test.each([
  ["TCP server", "packages/tcp/src/server-options.ts"],
  ["TCP client", "packages/tcp/src/client-options.ts"],
])("docs/limits.md has every limit of the %s with its default", (title, file) => {
  const inCode = (["limits", "timeouts"] as const).flatMap((group) =>
    Object.entries(defaultsIn(file, `DEFAULT_${group.toUpperCase()}`)).map(([name, value]) => [
      `${group}.${name}`,
      value,
    ]),
  );
  expect(inCode.length).toBeGreaterThan(8);
  expect(documented(title)).toEqual(Object.fromEntries(inCode));
});

test("docs/failures.md names tests that exist", () => {
  const named = [...read("docs/failures.md").matchAll(/`([^`]+\.test\.ts)` "([^"]+)"/g)];
  expect(named.length).toBeGreaterThan(40);
  const missing = named.filter(
    ([, file = "", name = ""]) => !existsSync(join(root, file)) || !read(file).includes(name),
  );
  expect(missing.map(([whole]) => whole)).toEqual([]);
});
