// `npx -y pnpm@12.21.0 bench`, or bench:AREA for one: runs the areas beside their peers, writes results/AREA.json and AREA.svg, and
// docs/performance.md from all of them. After a build. Arguments: areas (none: all but those that take long); before them, `profile` to look into
// the servers under the same loads instead, for results/profiles and docs/profiles.md; `report` to write pictures and pages alone;
// --quick for a smoke run, whose figures are worth nothing and are not kept; --into FOLDER for files that go elsewhere, also
// those of a smoke run.
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Area, Bench } from "./areas/area.ts";
import { areas } from "./areas/areas.ts";
import { chart } from "./engine/chart.ts";
import { describeMachine, oneMinuteLoad } from "./engine/machine.ts";
import { installPeers } from "./engine/peer-packages.ts";
import { profileChart } from "./engine/profile/profile-chart.ts";
import { LoadProfiler, type ProfileLength } from "./engine/profile/profile-load.ts";
import { profilesPage, profileText } from "./engine/profile/profile-report.ts";
import type { AreaProfile, ProfiledLoad } from "./engine/profile/profile-result.ts";
import { Recorder } from "./engine/profile/recording.ts";
import { race } from "./engine/race.ts";
import { comparisonText, performancePage } from "./engine/report.ts";
import type { AreaResult, Comparison, Run } from "./engine/result.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    into: { type: "string" },
  },
});
const results = flags.into ?? join(import.meta.dirname, "results");
const profiles = join(results, "profiles");
const docs = flags.into ?? join(import.meta.dirname, "..", "docs");
const isKept = !flags.quick || flags.into !== undefined;
const mode = ["report", "profile"].includes(positionals[0]!) ? positionals[0] : "race";
const names = mode === "race" ? positionals : positionals.slice(1);
const unknown = names.filter((name) => !areas.some((area) => area.name === name));
if (unknown.length > 0) {
  const known = areas.map(({ name }) => name).join(", ");
  console.error(`there is no ${unknown.join(", ")}; there are ${known}, and before them profile or report`);
  process.exit(2);
}

mkdirSync(profiles, { recursive: true });
if (mode !== "report") installPeers();
if (mode === "race") {
  await each(async (area) => {
    const comparisons: Comparison[] = [];
    const run = await measure(area, `bench:${area.name}`, racing, (comparison) => {
      comparisons.push(comparison);
      console.log(comparisonText(comparison));
    });
    keep(join(results, `${area.name}.json`), { ...run, comparisons });
  });
}
if (mode === "profile") {
  using recorder = await Recorder.open();
  const profiler = new LoadProfiler(recorder);
  await each(async (area) => {
    const loads: ProfiledLoad[] = [];
    const run = await measure(area, `bench:profile ${area.name}`, profiling(profiler), (load) => {
      if (load === undefined) return;
      loads.push(load);
      console.log(profileText(load));
    });
    keep(join(profiles, `${area.name}.json`), { ...run, loads });
  });
}
if (isKept) {
  const all = read<AreaResult>(results);
  const allProfiles = read<AreaProfile>(profiles);
  const titleOf = (area: string) => areas.find(({ name }) => name === area)?.title ?? area;
  for (const { area, comparisons } of all) {
    writeFileSync(join(results, `${area}.svg`), chart(titleOf(area), comparisons));
  }
  for (const { area, loads } of allProfiles) {
    writeFileSync(join(profiles, `${area}.svg`), profileChart(titleOf(area), loads));
  }
  const tried = readFileSync(join(import.meta.dirname, "tried.md"), "utf8");
  writeFileSync(join(docs, "performance.md"), performancePage(areas, all, allProfiles, tried));
  writeFileSync(join(docs, "profiles.md"), profilesPage(areas, allProfiles));
}

/** The areas that are named; without a name, those that do not take long. */
async function each(work: (area: Area) => Promise<void>): Promise<void> {
  for (const area of areas.filter(({ name, isLong }) =>
    names.length === 0 ? isLong !== true : names.includes(name),
  )) {
    try {
      await work(area);
    } catch (error) {
      console.error(`${area.name} could not be measured:`, error); // the others can
      process.exitCode = 1;
    }
  }
}

async function measure<T>(
  area: Area,
  script: string,
  benchIn: (folder: string) => Bench<T>,
  take: (result: T) => void,
): Promise<Run> {
  console.log(`\n${area.title}`);
  const loadBefore = oneMinuteLoad();
  const startMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `tallyline-bench-${area.name}-`));
  try {
    for await (const result of area.run(benchIn(folder))) take(result);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const command = `npx -y pnpm@12.21.0 ${script}`;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  return { area: area.name, command, machine: describeMachine(loadBefore), seconds };
}

function racing(folder: string): Bench<Comparison> {
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
    listening: async () => {},
  };
}

function profiling(profiler: LoadProfiler): (folder: string) => Bench<ProfiledLoad | undefined> {
  const length: Omit<ProfileLength, "sliceMs"> = flags.quick
    ? { passMs: { warmUp: 50, cost: 50, cpu: 100, allocations: 50, systemCalls: 50 }, starts: 2 }
    : { passMs: { warmUp: 800, cost: 300, cpu: 1600, allocations: 300, systemCalls: 200 }, starts: 6 };
  return (folder) => ({
    isQuick: flags.quick,
    folder,
    race: async (title, _contestants, { sliceMs, warmUpMs, profiled = [] }) => {
      if (profiled.length === 0) return undefined;
      const passMs = { ...length.passMs, warmUp: warmUpMs === 0 ? 0 : length.passMs.warmUp };
      return profiler.profile(title, profiled, { ...length, passMs, sliceMs });
    },
    listening: (pids) => profiler.listening(pids),
  });
}

function keep(file: string, result: AreaResult | AreaProfile): void {
  if (isKept) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

function read<T>(folder: string): T[] {
  return globSync("*.json", { cwd: folder })
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as T);
}
