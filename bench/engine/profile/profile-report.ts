// Text of profiles: for the terminal, for docs/performance.md, and docs/profiles.md.
import type { Area } from "../../areas/area.ts";
import { whereAndWhen } from "../run-text.ts";
import { table } from "../table.ts";
import { sumOf } from "./condense.ts";
import { type Kind, KINDS } from "./layer.ts";
import type { Amount, AreaProfile, ProfiledLoad, Side } from "./profile-result.ts";
import { byteUnit, percent, threeDigits, timeUnit, type Unit } from "./unit.ts";

const kinds = Object.keys(KINDS) as Kind[];
/** Layers that have less than that on every side are shown together. */
const SHOWN_FROM = 0.01;
/** And system calls that are a smaller part of a side's. */
const CALLS_FROM = 0.04;

/** A load as it is printed while a run goes on. */
export function profileText({ title, sides, notRun }: ProfiledLoad): string {
  const lines = [`\n  ${title}`];
  for (const { name, layers = [], systemCalls = {} } of sides) {
    const whole = sumOf(layers);
    const unit = timeUnit([whole]);
    const largest = layers.slice(0, 8).map((each) => `${each.name} ${percent(each.value / whole)}`);
    if (whole > 0) lines.push(`    ${name}: ${unit.text(whole)} ${unit.name}: ${largest.join(", ")}`);
    const calls = Object.entries(systemCalls).filter(([call]) => isFrequent(call, [{ systemCalls }]));
    if (calls.length > 0) {
      lines.push(`    ${name}: ${calls.map(([call, count]) => `${call} ${threeDigits(count)}`).join(", ")}`);
    }
  }
  for (const reason of notRun) lines.push(`    NOT RUN: ${reason}`);
  return lines.join("\n");
}

/** What docs/performance.md says of an area's profiles. */
export function profileSection({ title }: Area, profile: AreaProfile): string[] {
  const { area, loads } = profile;
  return [
    `### ${sectionTitle(title)}`,
    `${whereAndWhen(profile)} The functions behind it and what they allocate are in [profiles.md](profiles.md#${anchorOf(title)}).`,
    `![Where the time goes: ${title}](../bench/results/profiles/${area}.svg)`,
    ...loads.flatMap((load) => [
      `#### ${loadTitle(load.title)}`,
      ...layersTable(load.sides),
      ...(load.sides.some(({ layers }) => layers === undefined) ? callsTable(load.sides) : []),
      ...load.notRun.map((reason) => `Not run: ${reason}.`),
    ]),
  ];
}

/** Where docs/performance.md explains what was measured under that load; nothing where there are no profiles of the area. */
export function linkToProfile({ title }: Area, load: string, profile: AreaProfile | undefined): string | undefined {
  if (profile === undefined) return undefined;
  const isProfiled = profile.loads.some((each) => each.title === load);
  return `#${anchorOf(isProfiled ? loadTitle(load) : sectionTitle(title))}`;
}

const sectionTitle = (area: string) => `Where the time goes: ${area}`;
const loadTitle = (load: string) => `Profile: ${load}`;

/** What a heading can be linked by. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

const INTRODUCTION = `Which functions the time of [performance.md](performance.md) goes to, and which allocate what the garbage collector has to do with. Servers are started and
loaded as when they are compared, one after another, and V8 looks into them meanwhile: every 250 µs for a CPU profile, then, in a run of their own, every 16 KiB for
allocations, those included that are gone. Names and files are those of the sources. Time is that of a function itself, not of what it calls; a function of
C++ that JavaScript calls has no file. Why so is in [decision 0105](decisions/0105-profiles-are-settled-by-the-scheduler.md).

A profile says what share things have, not which server is faster: servers take no turns here, and being looked into costs some percent. System calls are counted by
\`strace\`, which makes each of them several times as dear, so that more requests have come by the next one than without it.`;

/** The whole of docs/profiles.md. */
export function profilesPage(areas: readonly Area[], profiles: readonly AreaProfile[]): string {
  const sections = areas.flatMap(({ name, title }) => {
    const profile = profiles.find(({ area }) => area === name);
    if (profile === undefined) return [];
    return [
      `## ${title}`,
      whereAndWhen(profile),
      ...profile.loads.flatMap(({ title: load, sides }) => [
        `### ${load}`,
        ...sides.flatMap(functionsTable),
        ...allocationsTable(sides),
        ...callsTable(sides),
      ]),
    ];
  });
  return `${[
    "# Profiles",
    "Made by `npx -y pnpm@12.21.0 bench:profile` from the files in [bench/results/profiles](../bench/results/profiles), not by hand.",
    INTRODUCTION,
    ...sections,
  ].join("\n\n")}\n`;
}

function layersTable(all: readonly Side[]): string[] {
  const sides = all.flatMap(({ name, layers, allocations = [] }) =>
    layers === undefined ? [] : [{ name, amounts: layers, bytes: sumOf(allocations) }],
  );
  if (sides.length === 0) return [];
  const unit = timeUnit(sides.map(({ amounts }) => sumOf(amounts)));
  const bytes = byteUnit(sides.map((side) => side.bytes));
  return [
    table(
      [`CPU time, ${unit.name} an operation`, ...sides.map(({ name }) => name)],
      [...rowsOf(sides, unit), [`**allocated**, ${bytes.name}`, ...sides.map((side) => bytes.text(side.bytes))]],
    ),
  ];
}

function allocationsTable(all: readonly Side[]): string[] {
  const sides = all.flatMap(({ name, allocations }) =>
    allocations === undefined ? [] : [{ name, amounts: allocations }],
  );
  if (sides.length === 0) return [];
  const unit = byteUnit(sides.map(({ amounts }) => sumOf(amounts)));
  return [table([`allocated, ${unit.name} an operation`, ...sides.map(({ name }) => name)], rowsOf(sides, unit))];
}

interface Column {
  readonly amounts: readonly Amount[];
}

/** A row for each layer, and one for all of them. */
function rowsOf(columns: readonly Column[], unit: Unit): string[][] {
  const wholes = columns.map(({ amounts }) => sumOf(amounts));
  const cell = (value: number, column: number) =>
    value === 0 ? "" : `${unit.text(value)} (${percent(value / wholes[column]!)})`;
  const row = (name: string, values: readonly number[]) => [name, ...values.map(cell)];
  const rows = kinds.flatMap((kind) => {
    const names = [
      ...new Set(
        columns.flatMap(({ amounts }) => amounts.filter((each) => each.kind === kind).map(({ name }) => name)),
      ),
    ];
    const all = names
      .map((name) => ({
        name,
        values: columns.map(({ amounts }) => amounts.find((each) => each.name === name)?.value ?? 0),
      }))
      .toSorted((a, b) => Math.max(...b.values) - Math.max(...a.values));
    const isLarge = ({ name, values }: { readonly name: string; readonly values: readonly number[] }) =>
      kind === "ours" || name === KINDS[kind] || values.some((value, column) => value >= SHOWN_FROM * wholes[column]!);
    const small = all.filter((each) => !isLarge(each));
    const rest = columns.map((_, column) => small.reduce((sum, { values }) => sum + values[column]!, 0));
    return [
      ...all.filter(isLarge).map(({ name, values }) => row(name, values)),
      ...(small.length === 0 ? [] : [row(`${KINDS[kind]}, the rest`, rest)]),
    ];
  });
  return [...rows, ["**all**", ...wholes.map((whole) => `**${unit.text(whole)}**`)]];
}

function functionsTable({ name, functions = [], layers = [] }: Side): string[] {
  if (functions.length === 0) return [];
  const whole = sumOf(layers);
  const unit = timeUnit([whole]);
  return [
    table(
      [name, "where", `${unit.name} an operation`, "of all"],
      functions.map((each) => [
        `\`${each.name}\``,
        each.where === "" ? "C++" : each.where,
        unit.text(each.value),
        percent(each.value / whole),
      ]),
    ),
  ];
}

function callsTable(all: readonly Side[]): string[] {
  const sides = all.flatMap(({ name, systemCalls }) => (systemCalls === undefined ? [] : [{ name, systemCalls }]));
  if (sides.length === 0) return [];
  const names = [...new Set(sides.flatMap(({ systemCalls }) => Object.keys(systemCalls)))];
  const counts = (calls: readonly string[]) =>
    sides.map(({ systemCalls }) => calls.reduce((sum, call) => sum + (systemCalls[call] ?? 0), 0));
  const frequent = names
    .filter((call) => isFrequent(call, sides))
    .map((call) => ({ call, each: counts([call]) }))
    .toSorted((a, b) => Math.max(...b.each) - Math.max(...a.each));
  const others = counts(names.filter((call) => !isFrequent(call, sides)));
  const cell = (count: number) => (count < 0.005 ? "" : count.toFixed(2));
  return [
    table(
      ["system calls an operation", ...sides.map(({ name }) => name)],
      [
        ...frequent.map(({ call, each }) => [`\`${call}\``, ...each.map(cell)]),
        ["others", ...others.map(cell)],
        ["**all**", ...counts(names).map((count) => `**${count.toFixed(2)}**`)],
      ],
    ),
  ];
}

function isFrequent(call: string, sides: readonly Required<Pick<Side, "systemCalls">>[]): boolean {
  return sides.some(({ systemCalls }) => {
    const all = Object.values(systemCalls).reduce((sum, count) => sum + count, 0);
    return (systemCalls[call] ?? 0) >= CALLS_FROM * all;
  });
}
