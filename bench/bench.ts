// `npx -y pnpm@12.21.0 bench`, or bench:AREA for one: runs the areas beside their peers, writes results/AREA.json and AREA.svg, and
// docs/performance.md from all of them. After a build. Arguments: areas (none: all but those that take long); `report` to write pictures and page alone;
// --quick for a smoke run, whose figures are worth nothing and are not kept; --into FOLDER for files that go elsewhere, also
// those of a smoke run.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Area, Bench } from "./areas/area.ts";
import { areas } from "./areas/areas.ts";
import { chart } from "./engine/chart.ts";
import { describeMachine, oneMinuteLoad } from "./engine/machine.ts";
import { installPeers } from "./engine/peer-packages.ts";
import { race } from "./engine/race.ts";
import { comparisonText, performancePage } from "./engine/report.ts";
import type { AreaResult, Comparison } from "./engine/result.ts";

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    into: { type: "string" },
  },
});
const results = flags.into ?? join(import.meta.dirname, "results");
const page = join(flags.into ?? join(import.meta.dirname, "..", "docs"), "performance.md");
const isKept = !flags.quick || flags.into !== undefined;
const isReport = names[0] === "report";
const unknown = names.filter((name) => !isReport && !areas.some((area) => area.name === name));
if (unknown.length > 0) {
  console.error(`there is no ${unknown.join(", ")}; there are ${areas.map(({ name }) => name).join(", ")}, report`);
  process.exit(2);
}

mkdirSync(results, { recursive: true });
if (!isReport) {
  installPeers();
  for (const area of areas.filter(({ name, isLong }) =>
    names.length === 0 ? isLong !== true : names.includes(name),
  )) {
    try {
      const result = await measure(area);
      if (isKept) writeFileSync(join(results, `${area.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
    } catch (error) {
      console.error(`${area.name} could not be measured:`, error); // the others can
      process.exitCode = 1;
    }
  }
}
if (isKept) {
  const all = read();
  for (const { area, comparisons } of all) {
    const { title = area } = areas.find(({ name }) => name === area) ?? {};
    writeFileSync(join(results, `${area}.svg`), chart(title, comparisons));
  }
  writeFileSync(page, performancePage(areas, all, readFileSync(join(import.meta.dirname, "tried.md"), "utf8")));
}

async function measure(area: Area): Promise<AreaResult> {
  console.log(`\n${area.title}`);
  const loadBefore = oneMinuteLoad();
  const startMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `tallyline-bench-${area.name}-`));
  const comparisons: Comparison[] = [];
  try {
    for await (const comparison of area.run(benchIn(folder))) {
      comparisons.push(comparison);
      console.log(comparisonText(comparison));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const command = `npx -y pnpm@12.21.0 bench:${area.name}`;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  return { area: area.name, command, machine: describeMachine(loadBefore), seconds, comparisons };
}

function benchIn(folder: string): Bench {
  return {
    isQuick: flags.quick,
    folder,
    race: (title, contestants, { slices, sliceMs, warmUpMs = 1000, ratios }) =>
      race(title, contestants, {
        slices: flags.quick ? Math.min(slices, 3) : slices,
        sliceMs: flags.quick ? Math.min(sliceMs, 50) : sliceMs,
        warmUpMs: flags.quick ? Math.min(warmUpMs, 100) : warmUpMs,
        ratios,
      }),
  };
}

function read(): AreaResult[] {
  return readdirSync(results)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(results, file), "utf8")) as AreaResult);
}
