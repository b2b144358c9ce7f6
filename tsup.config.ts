// One build for every package: tsup looks for its configuration from the package's folder upwards.
// What to build is read from the manifest, so an entry is named once: in `exports` or `bin`.
import { readFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";
import { fileApart } from "./scripts/bundle/file-apart.ts";
import { licenceTexts } from "./scripts/bundle/licence-texts.ts";

interface Manifest {
  readonly bin?: Record<string, string>;
  readonly exports?: Record<string, string | Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
const imported = Object.values(manifest.exports ?? {}).map((target) =>
  typeof target === "string" ? target : target["default"],
);
const run = Object.values(manifest.bin ?? {});

/** Entries by name: `./dist/index.js` is made of `src/index.ts`, and `./dist/run.cjs` of `src/run.ts`. */
function entriesOf(outputs: readonly (string | undefined)[]): Record<string, string> {
  const names = outputs.flatMap((file) => /^\.\/dist\/(.+)\.c?js$/.exec(file ?? "")?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));
}

/** What is imported: an ES module for each entry, and declarations. What it imports is a dependency of the package. */
const library: Options = {
  entry: entriesOf(imported),
  format: "esm",
  target: "node22",
  platform: "node",
  clean: ["!*.cjs*", "!*.txt"], // of the programs, whose names do not change
  sourcemap: true,
  removeNodeProtocol: false,
  // `dom` stands in for text-encoding.d.ts, which tsup does not read; that pure packages use nothing else of it is what
  // `tsc -p .` checks.
  dts: { compilerOptions: { lib: ["es2023", "esnext.disposable", "dom"] } },
};

const licences = licenceTexts("dist/THIRD-PARTY-LICENSES.txt");

/**
 * What is run: a file that holds all that it needs to start, and one more for the log. A store that it may be asked for is
 * a dependency of the package (docs/decisions/0097-a-program-is-one-file.md).
 */
const programs: Options = {
  entry: entriesOf(run),
  format: "cjs",
  target: "node22",
  platform: "node",
  sourcemap: true,
  removeNodeProtocol: false,
  noExternal: [/^(?!@tallyline\/ledger-postgres$)/],
  esbuildOptions: (options) => {
    options.supported = { "dynamic-import": false }; // `require` in its place does without the loader of ES modules
  },
  esbuildPlugins: [fileApart("pino", [licences]), licences],
};

export default defineConfig(run.length === 0 ? library : [library, programs]);
