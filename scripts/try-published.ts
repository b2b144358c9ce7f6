// `npx -y pnpm@12.21.0 try-published`: releases a copy of the last commit to a registry on this machine, the way in which
// it would be released to everybody, and then uses every package from there as a stranger does. A few minutes.
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundledBytes } from "./published/bundle-size.ts";
import { entriesOf, tryExamples, tryPackage, type Surroundings } from "./published/consumer.ts";
import { checkTarballs } from "./published/packed-files.ts";
import { tryPrograms } from "./published/programs.ts";
import { startRegistry } from "./published/registry.ts";
import { release } from "./published/release.ts";
import { runCommand } from "./run-command.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "tallyline-published-"));
const place = (name: string) => join(folder, name);

try {
  const uncommitted = await runCommand("git", ["status", "--porcelain"], root);
  if (uncommitted !== "") console.log(`not committed, and so not tried:\n${uncommitted}`);
  mkdirSync(place("registry"));
  using registry = await startRegistry(place("registry"));
  const released = await release(root, place("copy"), place("packed"), registry);
  console.log(
    `${released.length} packages versioned, packed, published and tagged; publishing again finds nothing to do`,
  );
  console.log("asked for a provenance outside of CI, publishing is refused");

  const manifests = await checkTarballs(released);
  console.log("each tarball has its build, maps, LICENSE, README and CHANGELOG, nothing else, and real ranges");

  for (const { tarball } of released) {
    const linted = await runCommand(join(root, "node_modules/.bin/publint"), ["--strict", tarball], root);
    if (!linted.includes("All good!")) throw new Error(linted);
    await runCommand(join(root, "node_modules/.bin/attw"), [tarball, "--profile", "esm-only"], root);
  }
  console.log("0 warnings of publint --strict, 0 of attw --profile esm-only");

  const surroundings: Surroundings = {
    root,
    registryConfig: registry.consumerConfig,
    environment: { npm_config_cache: place("npm-cache") },
  };
  const rows: string[][] = [];
  const entries: string[][] = [];
  for (const { name, tarball } of released.toSorted((a, b) => a.name.localeCompare(b.name))) {
    const consumer = place(`consumer-of-${name.replace("@tallyline/", "")}`);
    const manifest = manifests.get(name)!;
    const { needsNodeTypes, dependencyCount, installedBytes } = await tryPackage(
      consumer,
      name,
      manifest,
      surroundings,
    );
    const [packed, installed] = [statSync(tarball).size, installedBytes].map(kilobytes);
    rows.push([name, packed!, String(dependencyCount), installed!, needsNodeTypes ? "yes" : "no"]);
    for (const entry of entriesOf(name, manifest)) {
      const { minified, gzipped } = await bundledBytes(entry, consumer);
      entries.push([entry, kilobytes(minified), kilobytes(gzipped)]);
    }
  }
  console.log(
    "each package, installed alone, gives the same by import and by require; its declarations hold for nodenext",
  );
  console.log("(both kinds of module) and for bundler, without skipLibCheck");

  const sources = released.map(
    ({ name }) => [name, join(place("copy"), manifests.get(name)!.repository.directory)] as const,
  );
  console.log(
    `${await tryExamples(place("examples"), new Map(sources), surroundings)} examples run and type-check, with TypeScript 5.9 too`,
  );
  console.log(`by npx: ${(await tryPrograms(place("programs"), surroundings)).join(", ")}`);

  printTable(["package", "packed, KB", "dependencies", "installed, KB", "needs @types/node"], rows);
  printTable(["entry", "minified, KB", "and gzip, KB"], entries);
} finally {
  rmSync(folder, { recursive: true });
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

/** A table in Markdown; all columns but the first are numbers. */
function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  console.log(["", line(head), line(rule), ...rows.map(line)].join("\n"));
}
