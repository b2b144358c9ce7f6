// What an import costs in a bundle: `node --conditions=@tallyline/source bench/size.ts`. Each entry is bundled and
// minified by the esbuild that the build tool brings, and packed by gzip -9.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const fromRoot = createRequire(join(import.meta.dirname, "../../../package.json"));
const esbuild = createRequire(fromRoot.resolve("tsup")).resolve("esbuild/bin/esbuild");
const source = join(import.meta.dirname, "../src/index.ts");

const entries: readonly string[] = [
  "{ createCalculator }",
  "{ createCalculator, rational, decimal }",
  "{ createCalculator, rational, decimal, compile }",
  "{ evaluate }",
  "*",
];

for (const entry of entries) {
  const input = `export ${entry} from ${JSON.stringify(source)}`;
  const bundle = execFileSync(esbuild, ["--bundle", "--minify", "--format=esm", "--target=es2023"], { input });
  const size = gzipSync(bundle, { level: 9 }).length;
  console.log(entry.padEnd(48), `${(size / 1000).toFixed(2)} KB (${bundle.length} bytes before gzip)`);
}
