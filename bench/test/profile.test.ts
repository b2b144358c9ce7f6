import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areas } from "../areas/areas.ts";
import { condenseAllocations, condenseCpu, sumOf } from "../engine/profile/condense.ts";
import { layerOf } from "../engine/profile/layer.ts";
import { profileChart } from "../engine/profile/profile-chart.ts";
import { linkToProfile, profileSection, profilesPage } from "../engine/profile/profile-report.ts";
import type { AreaProfile, ProfiledLoad } from "../engine/profile/profile-result.ts";
import type { AllocationNode, CallFrame, CpuRecording } from "../engine/profile/recording.ts";
import { SAMPLE_EVERY_US } from "../engine/profile/recording.ts";
import { sourceFinder } from "../engine/profile/source-of.ts";
import { callsOf } from "../engine/profile/system-calls.ts";
import { someMachine } from "./some-machine.ts";

const root = join(import.meta.dirname, "..", "..");

function frame(functionName: string, url = "", lineNumber = -1): CallFrame {
  return { functionName, scriptId: "1", url, lineNumber, columnNumber: 0 };
}

/** The URL is the source: no maps. */
const sourceOf = ({ url, lineNumber }: CallFrame) => (url === "" ? undefined : { file: url, line: lineNumber + 1 });

const FRAMES = [
  frame("onData", `${root}/packages/tcp/src/server.ts`, 9),
  frame("handle", `${root}/apps/bank/src/session.ts`, 19),
  frame("parse", `${root}/node_modules/.pnpm/pino@9.0.0/node_modules/pino/lib/pino.js`, 3),
  frame("push", "node:internal/streams/readable", 3),
  frame("reply", `${root}/bench/servers/net-echo.js`, 3),
  frame("anonymous", "", 0),
  frame("elsewhere", "/somewhere/else.js", 0),
  frame("writeBuffer"),
  frame("(garbage collector)"),
  frame("(program)"),
  frame("(idle)"),
];
const IDLE = FRAMES.length;

/** So many samples of each, an interval after each other; the thread ran while it was not idle. */
function recording(counts: readonly number[], cpu: Partial<CpuRecording> = {}): CpuRecording {
  const samples = counts.flatMap((count, index) => Array.from({ length: count }, () => index + 1));
  const nodes = FRAMES.map((callFrame, index) => ({ id: index + 1, callFrame }));
  const timeDeltas = samples.map(() => SAMPLE_EVERY_US);
  const mainUs = samples.filter((id) => id !== IDLE).length * SAMPLE_EVERY_US;
  return { beforeUs: 0, mainUs, othersUs: 0, waitedUs: 0, profile: { nodes, samples, timeDeltas }, ...cpu };
}

const TEN_US = 10 * SAMPLE_EVERY_US;
const tenEach = FRAMES.map(() => 10);
const busyUs = TEN_US * (FRAMES.length - 1);

describe("CPU time by layer", () => {
  test("is whose the sources are: packages by name, Node.js by module, V8's states, C++, and what was made from texts", () => {
    const { layers } = condenseCpu([recording(tenEach)], 10, { mainUs: busyUs / 10, othersUs: 0 }, sourceOf);
    expect(layers.map(({ kind, name }) => [kind, name])).toEqual([
      ["ours", "packages/tcp"],
      ["ours", "apps/bank"],
      ["packages", "pino"],
      ["node", "node:stream"],
      ["script", "the benchmark's own script"],
      ["generated", "generated code"],
      ["packages", "files that are not known"],
      ["called", "C++ that JavaScript calls: writing, sending, SQLite"],
      ["garbage", "garbage collector"],
      ["around", "C++ around it: reading, polling, V8"],
    ]);
    for (const { value } of layers) expect(value).toBeCloseTo(TEN_US / 10);
  });

  test("adds up to what the scheduler has counted, whatever the samples say", () => {
    const counts = fc.array(fc.nat(40), { minLength: FRAMES.length, maxLength: FRAMES.length });
    const us = fc.double({ min: 1, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(counts, us, us, us, fc.nat(200), (some, mainUs, othersUs, ranUs, waitedUs) => {
        const each = some.map((count, index) => (index === 0 ? count + 1 : count)); // something has run
        const recorded = recording(each, { mainUs: ranUs, waitedUs });
        const { layers } = condenseCpu([recorded, recorded], 7, { mainUs, othersUs, beforeUs: 3 }, sourceOf);
        expect(sumOf(layers) / (mainUs + othersUs + 3)).toBeCloseTo(1, 9);
      }),
    );
  });

  test("counts idle time as work, as far as the thread ran meanwhile: reading from sockets looks idle to V8", () => {
    const ranUs = busyUs + 0.4 * TEN_US;
    const reading = recording(tenEach, { mainUs: ranUs });
    const { layers } = condenseCpu([reading], 1, { mainUs: ranUs, othersUs: 0 }, sourceOf);
    expect(sumOf(layers, ["around"])).toBeCloseTo(1.4 * TEN_US);
    expect(sumOf(layers, ["called"])).toBeCloseTo(TEN_US);
  });

  test("is not the time that it took to sample a thread that rested", () => {
    const counts = tenEach.map((count, index) => (index + 1 === IDLE ? 1e5 : count));
    const resting = recording(counts, { mainUs: busyUs + 500 });
    const { layers } = condenseCpu([resting], 1, { mainUs: busyUs, othersUs: 0 }, sourceOf);
    expect(sumOf(layers, ["around"]) / TEN_US).toBeCloseTo(1, 2);
  });

  const { profile: onTime, ...times } = recording(tenEach);
  const late = { ...onTime, samples: [...onTime.samples, 8], timeDeltas: [...onTime.timeDeltas, 40_000] };

  test("leaves out samples that come late because the thread stood in line for a processor", () => {
    const recorded = { ...times, waitedUs: 40_000, profile: late };
    const { layers } = condenseCpu([recorded], 1, { mainUs: busyUs, othersUs: 0 }, sourceOf);
    for (const { value } of layers) expect(value).toBeCloseTo(TEN_US);
  });

  test("counts one that comes late because the thread waited for the disk like any other", () => {
    const mainUs = busyUs + SAMPLE_EVERY_US;
    const { layers } = condenseCpu([{ ...times, mainUs, profile: late }], 1, { mainUs, othersUs: 0 }, sourceOf);
    expect(sumOf(layers, ["called"])).toBeCloseTo(1.1 * TEN_US);
    expect(sumOf(layers, ["garbage"])).toBeCloseTo(TEN_US);
  });

  test("names the ten functions with the most time, and where they are written", () => {
    const counts = tenEach.map((count, index) => count + index);
    const { functions } = condenseCpu([recording(counts)], 1, { mainUs: 1000, othersUs: 0 }, sourceOf);
    expect(functions.map(({ name, where }) => [name, where])).toEqual([
      ["writeBuffer", ""],
      ["elsewhere", "else.js:1"],
      ["anonymous", ""],
      ["reply", "bench/servers/net-echo.js:4"],
      ["push", "node:internal/streams/readable:4"],
      ["parse", "pino/lib/pino.js:4"],
      ["handle", "apps/bank/src/session.ts:20"],
      ["onData", "packages/tcp/src/server.ts:10"],
    ]);
  });

  test("is none of the profiler's own: not what it does itself, and not what it calls", () => {
    const nodes = [
      { id: 1, callFrame: frame("begin", "file:///bench/engine/profile/profiled-process.cjs", 3), children: [2] },
      { id: 2, callFrame: frame("post", "node:inspector", 3), children: [3] },
      { id: 3, callFrame: frame("dispatch") },
      { id: 4, callFrame: frame("push", "node:internal/streams/readable", 3) },
    ];
    const profile = { nodes, samples: [1, 2, 3, 4], timeDeltas: [9, 9, 9, 9] };
    const recorded = { ...recording([]), mainUs: 9, profile };
    const { layers } = condenseCpu([recorded], 1, { mainUs: 9, othersUs: 0 }, sourceOf);
    expect(layers).toEqual([{ kind: "node", name: "node:stream", value: 9 }]);
  });
});

test("allocations add up, over all depths and processes", () => {
  const leaf: AllocationNode = { callFrame: FRAMES[0]!, selfSize: 30, children: [] };
  const head = { callFrame: frame("(root)"), selfSize: 0, children: [{ ...leaf, selfSize: 10, children: [leaf] }] };
  const recorded = { beforeUs: 0, mainUs: 0, othersUs: 0, waitedUs: 0, profile: { head } };
  expect(condenseAllocations([recorded, recorded], 4, sourceOf)).toEqual([
    { kind: "ours", name: "packages/tcp", value: 20 },
  ]);
});

describe("a layer", () => {
  test.each([
    ["/r/packages/ledger/src/journal.ts", "packages/ledger"],
    ["/r/node_modules/.pnpm/x@1/node_modules/@tallyline/tcp/src/a.ts", "packages/tcp"],
    ["/r/node_modules/.pnpm/x@1/node_modules/@nats-io/core/a.js", "@nats-io/core"],
    ["node:internal/stream_base_commons", "node:net"],
    ["node:internal/process/task_queues", "node:process, its queues"],
    ["node:dgram", "node:dgram"],
    ["node:internal/timers", "node:timers"],
    ["/r/scripts/x.ts", "files that are not known"],
  ])("of %s is %s", (file, name) => {
    expect(layerOf(file, "/r").name).toBe(name);
  });
});

test("a function in a bundle is found where it was written", () => {
  const folder = mkdtempSync(join(tmpdir(), "tallyline-source-map-"));
  mkdirSync(join(folder, "dist"));
  // The second line of what is built comes from the fourth of its source.
  const map = { version: 3, sources: ["../src/second.ts"], names: [], mappings: ";AAGA" };
  writeFileSync(join(folder, "dist", "built.js.map"), JSON.stringify(map));
  const find = sourceFinder();
  const url = pathToFileURL(join(folder, "dist", "built.js")).href;
  expect(find({ ...frame("second", url, 1), columnNumber: 9 })).toEqual({
    file: join(folder, "src", "second.ts"),
    line: 4,
  });
  expect(find(frame("x", "node:net", 6))).toEqual({ file: "node:net", line: 7 });
  expect(find(frame("x", "file:///nowhere/x.js", 6))).toEqual({ file: "/nowhere/x.js", line: 7 });
  expect(find(frame("writeBuffer"))).toBeUndefined();
  rmSync(folder, { recursive: true });
});

test("strace's table is read, with and without errors", () => {
  const summary = `strace: Process 7 attached with 2 threads
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 99.00    0.070000          35      2000           write
  1.00    0.000010           1        12         3 read
------ ----------- ----------- --------- --------- ----------------
100.00    0.070010          34      2012         3 total
`;
  expect([...callsOf(summary)]).toEqual([
    ["write", 2000],
    ["read", 12],
  ]);
});

const load: ProfiledLoad = {
  title: "1 & 2, <at once>",
  sides: [
    {
      name: "ours",
      configuration: "",
      layers: [
        { kind: "ours", name: "packages/tcp", value: 6 },
        { kind: "node", name: "node:net", value: 3.9 },
        { kind: "node", name: "node:dns", value: 0.05 },
        { kind: "node", name: "node:url", value: 0.05 },
      ],
      functions: [{ name: "onData", where: "packages/tcp/src/a.ts:3", layer: "packages/tcp", value: 5 }],
      allocations: [{ kind: "ours", name: "packages/tcp", value: 200 }],
      systemCalls: { write: 1, read: 1, futex: 0.01 },
    },
    { name: "theirs", configuration: "", systemCalls: { write: 2 } },
  ],
  notRun: ["NATS: not installed; apt-get install nats-server"],
};
const [area] = areas;
const profile: AreaProfile = {
  area: area!.name,
  command: "bench:profile x",
  machine: someMachine,
  seconds: 9,
  loads: [load],
};

describe("a picture of a profile", () => {
  const svg = profileChart("A & B", [load]);

  test("has a bar for each side that has a profile, cut into kinds as long as their parts", () => {
    const bars = [...svg.matchAll(/<rect class="(\w+)" x="[\d.]+" y="\d+" width="([\d.]+)" height="18"/g)];
    expect(bars.map(([, kind, width]) => [kind, Number(width)])).toEqual([
      ["ours", 288],
      ["node", 192],
    ]);
    expect(svg).toContain("10.0 µs</text>");
    expect(svg).not.toContain("theirs");
  });

  test("escapes what it shows", () => {
    expect(svg).toContain("1 &amp; 2, &lt;at once&gt;");
    expect(svg).not.toMatch(/A & B/);
  });
});

describe("a page", () => {
  const section = profileSection(area!, profile).join("\n");

  test("names command, time and machine, and has a row for each layer, small ones together, and for all", () => {
    expect(section).toContain("`bench:profile x` on 2026-01-02, 9 s: a processor, 2 cores");
    expect(section).toMatch(/\| packages\/tcp +\| 6\.00 \(60 %\) +\|/);
    expect(section).toMatch(/\| node:net +\| 3\.90 \(39 %\) +\|/);
    expect(section).toMatch(/\| Node\.js's JavaScript, the rest +\| 0\.10 \(1\.0 %\) +\|/);
    expect(section).toMatch(/\| \*\*all\*\* +\| \*\*10\.0\*\* +\|/);
    expect(section).toMatch(/\| \*\*allocated\*\*, B +\| 200 +\|/);
  });

  test("shows system calls side by side where there is a side that cannot be profiled, and who was not there", () => {
    expect(section).toMatch(/\| `write` +\| 1\.00 +\| 2\.00 +\|/);
    expect(section).toMatch(/\| others +\| 0\.01 +\| +\|/);
    expect(section).toContain("Not run: NATS: not installed");
  });

  test("can be linked to: the load where it was profiled, or its area", () => {
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-");
    const anchors = [...section.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => `#${slug(heading!)}`);
    expect(anchors).toEqual([linkToProfile(area!, "another load", profile), linkToProfile(area!, load.title, profile)]);
    expect(linkToProfile(area!, load.title, undefined)).toBeUndefined();
  });

  test("has the functions, and what they have of all", () => {
    expect(profilesPage(areas, [profile])).toMatch(/\| `onData` \| packages\/tcp\/src\/a\.ts:3 \| 5\.00 +\| 50 % +\|/);
  });
});

describe("what is kept", () => {
  const folder = join(root, "bench", "results", "profiles");
  const profiles = globSync("*.json", { cwd: folder })
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as AreaProfile);

  test("makes docs/profiles.md", () => {
    expect(profilesPage(areas, profiles)).toBe(readFileSync(join(root, "docs", "profiles.md"), "utf8"));
  });

  test.each(profiles)("makes the picture of $area", ({ area: name, loads }) => {
    const { title } = areas.find((each) => each.name === name)!;
    expect(readFileSync(join(folder, `${name}.svg`), "utf8")).toBe(profileChart(title, loads));
  });

  test.each(profiles)("of $area has no time without a layer, and functions that are part of it", ({ loads }) => {
    const profiled = loads.flatMap(({ sides }) => sides).filter(({ layers }) => layers !== undefined);
    for (const { layers = [], functions = [] } of profiled) {
      expect(sumOf(layers)).toBeGreaterThan(0);
      expect(functions.reduce((sum, { value }) => sum + value, 0)).toBeLessThanOrEqual(1.001 * sumOf(layers));
    }
  });
});
