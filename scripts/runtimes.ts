// `npx -y pnpm@12.21.0 runtimes`: the libraries' tests, on what the packages publish, in every runtime that they promise, and in
// others as far as they go. Some twenty minutes. The table goes to docs/runtimes.md, which also says why a test fails where
// one does; one that fails without a reason there makes the script fail. With packages named, tries those and writes nothing.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outsideTool, toolVersion } from "./outside-tool.ts";
import { runCommand } from "./run-command.ts";
import { runTests, type Outcome, type Runtime } from "./runtimes/library-tests.ts";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs", "runtimes.md");

const libraries = globSync("packages/*/package.json", { cwd: root })
  .map((file) => file.split("/")[1]!)
  .filter((name) => name !== "program")
  .toSorted();
const withSockets = ["tcp", "udp"];
const pure = libraries.filter((name) => !withSockets.includes(name) && !name.startsWith("ledger-"));

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const configuration = ["run", "--config", join(root, "vitest.config.ts"), "--reporter=json"];
const node = (title: string, program: string): Runtime => ({
  title: `Node.js ${title}`,
  packages: libraries,
  command: (_, report) => [program, vitest, ...configuration, `--outputFile=${report}`],
});
const bun = join(await outsideTool("bun"), "bin/bun.exe");
const deno = join(await outsideTool("deno"), "bin.cjs");
const chromium = await runCommand("chromium", ["--version"], root).catch(() => undefined);

const runtimes: Runtime[] = [
  node(toolVersion("node22"), join(await outsideTool("node22"), "bin/node")),
  node(process.versions.node, process.execPath),
  node(toolVersion("node26"), join(await outsideTool("node26"), "bin/node")),
  {
    title: `Bun ${toolVersion("bun")}`,
    packages: [...pure, ...withSockets],
    command: (_, report) => [bun, "--bun", vitest, ...configuration, "--pool=threads", `--outputFile=${report}`],
  },
  {
    title: `Deno ${toolVersion("deno")}`,
    packages: [...pure, ...withSockets],
    command: (_, report) => [deno, "run", "--allow-all", vitest, ...configuration, `--outputFile=${report}`],
  },
];
if (chromium === undefined) console.log("Chromium is not installed, and left out");
else {
  runtimes.push({
    title: `Chromium ${/\d+/.exec(chromium)?.[0]}`,
    packages: pure,
    command: (folder, report) => [process.execPath, join(import.meta.dirname, "runtimes/chromium.ts"), folder, report],
  });
}

const wanted = process.argv.slice(2);
const outcomes = new Map<string, Outcome>();
for (const name of wanted.length > 0 ? wanted : libraries) {
  for (const runtime of runtimes.filter(({ packages }) => packages.includes(name))) {
    const outcome = await runTests(runtime, join(root, "packages", name));
    outcomes.set(`${name} on ${runtime.title}`, outcome);
    console.log(`${name} on ${runtime.title}: ${cellOf(outcome)}`);
    for (const test of outcome.failed) console.log(`  ${test}`);
  }
}

const before = readFileSync(page, "utf8");
const unexplained = [...outcomes].flatMap(([where, { failed, problem }]) => [
  ...failed.filter((test) => !before.includes(test)).map((test) => `${where}: ${test}`),
  ...(problem === undefined ? [] : [`${where}: ${problem}`]),
]);
if (unexplained.length > 0) console.log(`\nfailed, and docs/runtimes.md does not say why:\n${unexplained.join("\n")}`);
process.exitCode = unexplained.length === 0 ? 0 : 1;

if (wanted.length === 0) {
  const measured = /(<!-- measured -->\n)[\s\S]*(<!-- end -->\n)/;
  const date = new Date().toISOString().slice(0, 10);
  const rows = libraries.map((name) => [
    `\`${name}\``,
    ...runtimes.map(({ title }) => cellOf(outcomes.get(`${name} on ${title}`))),
  ]);
  const table = [["package", ...runtimes.map(({ title }) => title)], runtimes.map(() => "--:"), ...rows];
  table[1]!.unshift("---");
  const text = table.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  writeFileSync(
    page,
    before.replace(measured, `$1\n${date}, ${process.platform} on ${process.arch}:\n\n${text}\n\n$2`),
  );
  await runCommand(join(root, "node_modules/.bin/oxfmt"), [page], root);
}

/** How many tests passed, and of how many where that is not all. */
function cellOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "";
  const { passed, failed, skipped, problem } = outcome;
  const ran = failed.length === 0 ? String(passed) : `${passed} of ${passed + failed.length}`;
  return problem ?? (skipped === 0 ? ran : `${ran}, ${skipped} skipped`);
}
