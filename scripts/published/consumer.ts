// A project of a stranger: it installs packages from the registry, imports and requires them, and type-checks against them.
import { cpSync, globSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outsideTool } from "../outside-tool.ts";
import { runCommand } from "../run-command.ts";
import type { PublishedManifest } from "./packed-files.ts";

/** Where a consumer's packages and its compiler come from. */
export interface Surroundings {
  readonly registryConfig: string;
  /** A cache of npm's own, in which nothing has been said yet about the versions that this run publishes. */
  readonly environment: Readonly<Record<string, string>>;
  readonly root: string;
}

export interface Installed {
  /** Whether its declarations hold only beside @types/node. */
  readonly needsNodeTypes: boolean;
  /** Packages that came with it, those of the house included. */
  readonly dependencyCount: number;
  /** Bytes of all files in node_modules. */
  readonly installedBytes: number;
}

/** Makes a project in the folder with these packages installed. */
async function createConsumer(folder: string, packages: readonly string[], surroundings: Surroundings) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".npmrc"), surroundings.registryConfig);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages];
  await runCommand("npm", args, folder, surroundings.environment);
}

/** Installs one package alone and uses every entry of it, in each way that its README promises. */
export async function tryPackage(
  folder: string,
  name: string,
  manifest: PublishedManifest,
  surroundings: Surroundings,
): Promise<Installed> {
  await createConsumer(folder, [name], surroundings);
  const entries = entriesOf(name, manifest);
  writeFileSync(
    join(folder, "import.mjs"),
    entries.map((entry, i) => `import * as e${i} from "${entry}";`).join("\n") +
      `\nconsole.log(JSON.stringify([${entries.map((_, i) => `Object.keys(e${i})`).join()}]));\n`,
  );
  writeFileSync(
    join(folder, "require.cjs"),
    `const all = [${entries.map((entry) => `require("${entry}")`).join()}];\n` +
      "console.log(JSON.stringify(all.map((each) => Object.keys(each).filter((key) => key !== '__esModule'))));\n",
  );
  const imported = await runCommand(process.execPath, ["import.mjs"], folder);
  const required = await runCommand(process.execPath, ["require.cjs"], folder);
  if (imported !== required) throw new Error(`${name} gives import ${imported} but require ${required}`);
  if ((JSON.parse(imported) as string[][]).some((names) => names.length === 0))
    throw new Error(`${name} exports nothing`);

  const uses = (statement: (entry: string, i: number) => string) =>
    entries
      .map((entry, i) => `${statement(entry, i)}\nexport const names${i}: string[] = Object.keys(e${i});`)
      .join("\n");
  writeFileSync(
    join(folder, "esm.mts"),
    uses((entry, i) => `import * as e${i} from "${entry}";`),
  );
  writeFileSync(
    join(folder, "cjs.cts"),
    uses((entry, i) => `import e${i} = require("${entry}");`),
  );
  const check = async (options: object) => {
    await typeCheck(folder, { ...options, module: "nodenext" }, ["esm.mts", "cjs.cts"], surroundings);
    await typeCheck(folder, { ...options, module: "esnext", moduleResolution: "bundler" }, ["esm.mts"], surroundings);
  };
  const needsNodeTypes = await check({ types: [] }).then(
    () => false,
    () => true,
  );
  if (needsNodeTypes) await check(nodeTypes(surroundings));

  const installed = globSync("node_modules/{*,@*/*}/package.json", { cwd: folder, exclude: ["node_modules/.*"] });
  return {
    needsNodeTypes,
    dependencyCount: installed.length - 1,
    installedBytes: bytesBelow(join(folder, "node_modules")),
  };
}

/** Installs all packages together, and runs and type-checks the examples of each as its README shows them. */
export async function tryExamples(folder: string, packages: ReadonlyMap<string, string>, surroundings: Surroundings) {
  await createConsumer(folder, [...packages.keys()], surroundings);
  let count = 0;
  for (const [name, source] of packages) {
    const examples = join(folder, name.replace("@tallyline/", ""));
    cpSync(join(source, "examples"), examples, { recursive: true });
    for (const file of globSync("*.ts", { cwd: examples })) {
      await runCommand(process.execPath, [file], examples);
      count += 1;
    }
  }
  const options = { module: "nodenext", allowImportingTsExtensions: true, ...nodeTypes(surroundings) };
  await typeCheck(folder, options, ["*/*.ts"], surroundings);
  await runCommand(join(await outsideTool("typescript5"), "bin/tsc"), ["-p", "."], folder); // the oldest that is promised
  return count;
}

/** The specifiers of what can be imported: `@tallyline/ledger`, `@tallyline/ledger/journal`. */
export function entriesOf(name: string, { exports }: PublishedManifest): string[] {
  return Object.keys(exports)
    .filter((key) => key !== "./package.json")
    .map((key) => `${name}${key.slice(1)}`);
}

const nodeTypes = ({ root }: Surroundings) => ({ types: ["node"], typeRoots: [join(root, "node_modules/@types")] });

/** Declarations too are checked: there is no skipLibCheck. */
async function typeCheck(folder: string, options: object, include: readonly string[], { root }: Surroundings) {
  const shared = { target: "es2023", lib: ["es2023", "esnext.disposable"], strict: true, noEmit: true };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...shared, ...options }, include }));
  await runCommand(join(root, "node_modules/.bin/tsc"), ["-p", "."], folder);
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}
