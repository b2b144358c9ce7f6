import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { runCommand } from "../run-command.ts";

const fromRoot = createRequire(join(import.meta.dirname, "../../package.json"));
const esbuild = createRequire(fromRoot.resolve("tsup")).resolve("esbuild/bin/esbuild");

/**
 * What an import costs in a bundle, in bytes: all of an entry with all that it imports, other packages too, but not what
 * Node.js brings; minified by esbuild, then packed by gzip -9.
 */
export async function bundledBytes(entry: string, consumer: string): Promise<{ minified: number; gzipped: number }> {
  const from = join(consumer, "bundle-entry.mjs");
  const to = join(consumer, "bundle.mjs");
  writeFileSync(from, `export * from ${JSON.stringify(entry)};\n`);
  // pg asks for pg-native, and goes on without it.
  const flags = ["--bundle", "--minify", "--format=esm", "--platform=node", "--target=es2023", "--external:pg-native"];
  await runCommand(esbuild, [from, `--outfile=${to}`, ...flags, "--log-level=error"], consumer);
  const bundle = readFileSync(to);
  return { minified: bundle.length, gzipped: gzipSync(bundle, { level: 9 }).length };
}
