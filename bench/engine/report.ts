// Text of results: for the terminal, and docs/performance.md.
import type { Area } from "../areas/area.ts";
import { METRICS, metricOf } from "./metrics.ts";
import { linkToProfile, profileSection } from "./profile/profile-report.ts";
import type { AreaProfile } from "./profile/profile-result.ts";
import {
  type AreaResult,
  type Comparison,
  type Figure,
  type Ratio,
  ratioName,
  targetText,
  type Verdict,
  verdict,
} from "./result.ts";
import { whereAndWhen } from "./run-text.ts";
import { table } from "./table.ts";

/** A comparison as it is printed while a run goes on. */
export function comparisonText({ title, slices, rows, ratios, notRun }: Comparison): string {
  const lines = [`\n  ${title} (${slices} slices of each)`];
  for (const { name, figures } of rows) {
    const shown = Object.entries(figures).map(
      ([metric, figure]) => `${metricOf(metric).label} ${figureText(metric, figure)}`,
    );
    lines.push(`    ${name}: ${shown.join("; ")}`);
  }
  for (const ratio of ratios) {
    const target = ratio.target === undefined ? "" : `, target ${targetText(ratio.target)}: ${verdict(ratio)}`;
    lines.push(`    ${ratioName(ratio)}, ${ratio.by}: ${ratioText(ratio)}${target}`);
  }
  for (const reason of notRun) lines.push(`    NOT RUN: ${reason}`);
  return lines.join("\n");
}

/** The whole of docs/performance.md. @param tried What is said by hand about what did not pay. */
export function performancePage(
  areas: readonly Area[],
  results: readonly AreaResult[],
  profiles: readonly AreaProfile[],
  tried: string,
): string {
  const measured = areas.flatMap((area) => {
    const result = results.find((each) => each.area === area.name);
    const profile = profiles.find((each) => each.area === area.name);
    return result === undefined ? [] : [{ area, result, profile }];
  });
  const missing = areas.filter(({ name }) => !results.some((each) => each.area === name)).map(({ title }) => title);
  return `${[
    "# Performance",
    "Made by `npx -y pnpm@12.21.0 bench` from the files in [bench/results](../bench/results), not by hand.",
    INTRODUCTION,
    ...(missing.length > 0 ? [`Not measured yet: ${missing.join(", ")}.`] : []),
    "## Targets",
    targets(measured),
    ...measured.flatMap(section),
    "## What was tried and did not pay",
    tried.trim(),
  ].join("\n\n")}\n`;
}

const INTRODUCTION = `Everybody that is compared runs on this machine, in one run, in turn: a slice of a fraction of a second each, forwards and backwards. So
what else the machine does, it does to all of them, and the ratios mean more than the figures. Figures are medians of the slices, with the least and the
most in brackets. A ratio is the median of the slices' ratios; behind it, where that median lies 19 times in 20 (bootstrap). A ratio above 1
says that ours is better, unless the target is an upper bound: then it says how many times as much ours takes. "Within the noise" is a verdict whose interval
holds the bound.

Servers run in processes of their own; their CPU time is what the scheduler has counted (\`/proc/PID/task/*/schedstat\`). Where a bound is
within 15 % of 1, server CPU per operation decides, because throughput on a machine of few cores also depends on the load generator. That is a
C program of its own (\`bench/engine/load.c\`), and its share of a core is in the tables: near 1.00, throughput is the generator's limit, not the server's. It is kept to
the last core, and a server of one thread to the first. Why so is in [decisions 0080 to 0082](decisions).

To repeat it, on Linux with a C compiler: \`npx -y pnpm@12.21.0 bench\`, or \`bench:echo\`, \`bench:calls\`, \`bench:calculator\`, \`bench:expression\`, \`bench:ledger\`,
\`bench:bank\` or \`bench:start\` for one area; \`bench:growth\` fills ledgers with millions of transfers and is not part of the whole, and \`--quick\` only tries whether all of it
runs. Peers from npm are installed when they are needed; those from Debian by \`apt-get install redis-server nats-server postgresql\`. Whoever is missing is
reported as not run.

Where a target is missed, its verdict leads to a profile that shows where the time goes, in ours and in what stands beside it. Profiles are made by
\`npx -y pnpm@12.21.0 bench:profile\`, or \`bench:profile echo\` for one area, in a run of their own, and \`strace\` is optional there. They say which part of the time is whose; how
much there is of it, the figures above them say, which were measured in turn.`;

interface Measured {
  readonly area: Area;
  readonly result: AreaResult;
  readonly profile: AreaProfile | undefined;
}

function targets(all: readonly Measured[]): string {
  const rows = all.flatMap(({ area, result, profile }) =>
    result.comparisons.flatMap(({ title: load, ratios, notRun }) => [
      ...ratios
        .filter(({ target }) => target !== undefined)
        .map((ratio) => [
          area.title,
          load,
          `${ratioName(ratio)}, ${ratio.by}`,
          targetText(ratio.target!),
          ratioText(ratio),
          explained(verdict(ratio)!, linkToProfile(area, load, profile)),
        ]),
      ...notRun.map((reason) => [area.title, load, reason, "", "", "not run"]),
    ]),
  );
  const reached = rows.filter((row) => row.at(-1)!.startsWith("reached")).length;
  return `${reached} of ${rows.length} are reached.\n\n${table(["area", "load", "ratio", "target", "measured", "verdict"], rows)}`;
}

/** A verdict, and where one can see why a target was missed. */
function explained(text: Verdict, link: string | undefined): string {
  return link !== undefined && text.startsWith("not") ? `${text}: [profile](${link})` : text;
}

function section({ area, result, profile }: Measured): string[] {
  const { title, about, limits } = area;
  return [
    `## ${title}`,
    about,
    whereAndWhen(result),
    `![${title}: each ratio as a part of its target](../bench/results/${area.name}.svg)`,
    ...result.comparisons.flatMap(comparisonTables),
    `**What limits it.** ${limits}`,
    ...(profile === undefined ? [] : profileSection(area, profile)),
  ];
}

function comparisonTables({ title, slices, rows, ratios, notRun }: Comparison): string[] {
  const metrics = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  return [
    `### ${title}`,
    table(
      ["", "configuration", ...metrics.map((metric) => metricOf(metric).label)],
      rows.map(({ name, configuration, figures }) => [
        name,
        configuration,
        ...metrics.map((metric) => (figures[metric] === undefined ? "" : figureText(metric, figures[metric]))),
      ]),
    ),
    ...(ratios.length === 0
      ? []
      : [
          `${slices} slices of each.`,
          table(
            ["ratio", "by", "measured", "target", "verdict"],
            ratios.map((ratio) => [
              ratioName(ratio),
              ratio.by,
              ratioText(ratio),
              ratio.target === undefined ? "" : targetText(ratio.target),
              verdict(ratio) ?? "",
            ]),
          ),
        ]),
    ...notRun.map((reason) => `Not run: ${reason}.`),
  ];
}

function figureText(metric: string, { median, least, most }: Figure): string {
  const { digits } = METRICS[metric] ?? metricOf(metric);
  const text = (value: number) => value.toFixed(digits);
  return least === most ? text(median) : `${text(median)} (${text(least)}–${text(most)})`;
}

function ratioText({ value, low, high }: Ratio): string {
  return `${factor(value)} (${factor(low)}–${factor(high)})`;
}

function factor(value: number): string {
  if (value >= 1000) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(value < 1.2 ? 3 : 2);
}
