// One build for every package: tsup looks for its configuration from the package's folder upwards.
// What to build is read from the manifest, so an entry is named once: in `exports` or `bin`.
import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

interface Manifest {
  readonly bin?: Record<string, string>;
  readonly exports?: Record<string, string | Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
const imported = Object.values(manifest.exports ?? {}).map((target) =>
  typeof target === "string" ? target : target["default"],
);
const run = Object.values(manifest.bin ?? {});

/** Entries by name: `./dist/index.js` is made of `src/index.ts`. */
function entriesOf(outputs: readonly (string | undefined)[]): Record<string, string> {
  const names = outputs.flatMap((file) => /^\.\/dist\/(.+)\.js$/.exec(file ?? "")?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));
}

export default defineConfig({
  entry: entriesOf([...imported, ...run]),
  format: "esm",
  target: "node22",
  platform: "node",
  clean: true,
  sourcemap: true,
  removeNodeProtocol: false,
  // Declarations only for what is imported. `dom` stands in for text-encoding.d.ts, which tsup does not read;
  // that pure packages use nothing else of it is what `tsc -p .` checks.
  dts: { entry: entriesOf(imported), compilerOptions: { lib: ["es2023", "esnext.disposable", "dom"] } },
});
