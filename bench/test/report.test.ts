import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { areas } from "../areas/areas.ts";
import { chart } from "../engine/chart.ts";
import { fill } from "../engine/load.ts";
import { performancePage } from "../engine/report.ts";
import type { AreaProfile } from "../engine/profile/profile-result.ts";
import { type AreaResult, boundOf, type Comparison } from "../engine/result.ts";
import { someMachine } from "./some-machine.ts";

const results = join(import.meta.dirname, "..", "results");
const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "performance.md"), "utf8");
const measured = read<AreaResult>(results);
const profiled = read<AreaProfile>(join(results, "profiles"));

function read<T>(folder: string): T[] {
  return globSync("*.json", { cwd: folder })
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as T);
}

test("docs/performance.md is what the results make it", () => {
  expect(
    performancePage(areas, measured, profiled, readFileSync(join(import.meta.dirname, "..", "tried.md"), "utf8")),
  ).toBe(page);
});

describe.each(measured)("the results of $area", ({ area, comparisons }) => {
  test("are of an area that there is, and its picture is made from them", () => {
    const { title } = areas.find(({ name }) => name === area)!;
    expect(readFileSync(join(results, `${area}.svg`), "utf8")).toBe(chart(title, comparisons));
  });

  test("judge what has a bound near 1 by 20 slices or more", () => {
    const near = comparisons.filter(({ ratios }) =>
      ratios.some(
        ({ over, target }) => over !== undefined && target !== undefined && Math.abs(boundOf(target) - 1) <= 0.15,
      ),
    );
    expect(near.filter(({ slices }) => slices < 20)).toEqual([]);
  });
});

const comparison: Comparison = {
  title: "50 connections, <1 & more>",
  slices: 20,
  rows: [{ name: "ours", configuration: "", figures: { cpuUs: { median: 10, least: 9, most: 12 } } }],
  ratios: [
    { subject: "ours", over: "theirs", by: "server CPU", value: 0.5, low: 0.4, high: 0.6, target: { atLeast: 1 } },
    { subject: "ours", over: "theirs", by: "p50", value: 1, low: 0.9, high: 1.1, target: { atMost: 2 } },
    { subject: "ours", over: "theirs", by: "throughput", value: 9, low: 8, high: 10, target: { atLeast: 1 } },
    { subject: "ours", over: "theirs", by: "p99", value: 1, low: 1, high: 1 },
  ],
  notRun: ["NATS: not installed; apt-get install nats-server"],
};

describe("a picture", () => {
  const svg = chart("A & B", [comparison]);

  test("has a bar for each ratio with a target, as long as the part of it that is reached", () => {
    const bars = [...svg.matchAll(/<rect class="(\w+)" x="380" y="\d+" width="([\d.]+)"/g)];
    expect(bars.map(([, kind, width]) => [kind, Number(width)])).toEqual([
      ["missed", 82.5],
      ["reached", 330],
      ["reached", 330],
    ]);
  });

  test("says where a bar is cut, and escapes what it shows", () => {
    expect(svg).toContain("9 → (≥ 1)");
    expect(svg).toContain("&lt;1 &amp; more&gt;");
    expect(svg).not.toMatch(/A & B/);
  });
});

test("a page names the machine, each verdict and who did not run", () => {
  const [area] = areas;
  const result = { area: area!.name, command: "bench:x", machine: someMachine, seconds: 9, comparisons: [comparison] };
  const text = performancePage(areas, [result], [], "- a thing\n");
  expect(text).toContain(
    "a processor, 2 cores, 8 GiB, Linux 6, Node.js v24, ext4; load average 0.1 before, 1.9 at the end",
  );
  expect(text).toMatch(/\| ours over theirs, server CPU +\| ≥ 1 +\| 0\.500 \(0\.400–0\.600\) +\| not reached +\|/);
  expect(text).toContain("NATS: not installed; apt-get install nats-server");
  expect(text).toContain("2 of 4 are reached.");
  expect(text).toContain("Not measured yet: ");
  expect(text).toMatch(/did not pay\n\n- a thing\n$/);
});

test("a request's places keep their sizes when they are filled", () => {
  const { bytes, offsets } = fill("transfer a{source} a{target} id={number}\n");
  expect(bytes.toString()).toBe("transfer a00 a00 id=0000000000000000\n");
  expect(offsets).toEqual([
    ["source", 10],
    ["target", 14],
    ["number", 20],
  ]);
});
