// What each package promises to its importers, as its api.txt has it: the names of every entry, and their declarations
// without comments. A change here is a change for users: `api` records it, and a change note tells of it.
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const packages = globSync("{packages,apps}/*/package.json", { cwd: root })
  .map((file) => ({
    folder: join(root, dirname(file)),
    ...(JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest),
  }))
  .filter((manifest) => manifest.private !== true);

test.each(packages)("$name exports what its api.txt says", async ({ name, folder, exports }) => {
  const entries = Object.entries(exports).flatMap(([key, target]) =>
    typeof target === "string" ? [] : [{ specifier: name + key.slice(1), file: basename(target.types) }],
  );
  const files = globSync("dist/*.d.ts", { cwd: folder }).map((file) => ({
    file: basename(file),
    statements: statementsOf(readFileSync(join(folder, file), "utf8")),
  }));
  const lists = entries.map(({ specifier, file }) => {
    const { statements } = files.find((each) => each.file === file)!;
    return [specifier, ...exportedNames(statements).map((each) => `  ${each}`)].join("\n");
  });
  const declarations = files.flatMap(({ statements }) => statements.filter((each) => !/^(import|export) /.test(each)));
  await expect(`${[...lists, ...new Set(declarations.toSorted())].join("\n\n")}\n`).toMatchFileSnapshot(
    join(folder, "api.txt"),
  );
});

/** The statements of a file of declarations, without comments. The bundler lets each one begin at the margin. */
function statementsOf(declarations: string): string[] {
  const bare = declarations.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\n/gm, "");
  return bare.split(/^(?=[a-z])/m).map((statement) => statement.trim());
}

/** The names that a file of declarations exports. */
function exportedNames(statements: readonly string[]): string[] {
  const names = statements.flatMap((statement) => {
    const list = /^export \{([^}]*)\}/.exec(statement)?.[1];
    return list === undefined
      ? []
      : list.split(",").map((each) =>
          each
            .trim()
            .replace(/^type /, "")
            .replace(/.* as /, ""),
        );
  });
  return names.toSorted();
}
