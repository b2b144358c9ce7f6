// One build for every package: tsup looks for its configuration from the package's folder upwards.
// What to build is read from the manifest, so an entry is named once: in `exports` or `bin`.
import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

interface Manifest {
  readonly bin?: Record<string, string>;
  readonly exports?: Record<string, string | Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
const outputs = [
  ...Object.values(manifest.exports ?? {}).map((target) => (typeof target === "string" ? target : target["default"])),
  ...Object.values(manifest.bin ?? {}),
];
const names = outputs
  .filter((file): file is string => file?.endsWith(".js") ?? false)
  .map((file) => file.replace(/^\.\/dist\//, "").replace(/\.js$/, ""));

export default defineConfig({
  entry: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
  format: "esm",
  target: "node22",
  platform: "node",
  clean: true,
  sourcemap: true,
  removeNodeProtocol: false,
  // Declarations only for what is imported. `dom` stands in for text-encoding.d.ts, which tsup does not read;
  // that pure packages use nothing else of it is what `tsc -p .` checks.
  dts: manifest.exports !== undefined && { compilerOptions: { lib: ["es2023", "esnext.disposable", "dom"] } },
});
