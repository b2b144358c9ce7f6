import type { Contestant, Runner } from "./contestant.ts";
import { METRICS, metricOf, type Sample } from "./metrics.ts";
import type { Comparison, Figure, Ratio, Row, Target } from "./result.ts";
import { geometricMean, median, medianInterval } from "./statistics.ts";

/** A ratio to be taken of the first contestant, or of the one that is named, over another; or, without another, its figure itself. */
export interface RatioWanted {
  readonly subject?: string;
  /** Of several: over the one that comes closest. */
  readonly over?: string | readonly string[];
  /** A metric; of several, the geometric mean of the ratios by those that both have. */
  readonly by: string | readonly string[];
  readonly target?: Target;
}

export interface RaceOptions {
  readonly slices: number;
  readonly sliceMs: number;
  readonly warmUpMs: number;
  readonly ratios: readonly RatioWanted[];
}

/** Runs contestants in turn, slice by slice, and says how the first compares with the others. */
export async function race(
  title: string,
  contestants: readonly Contestant[],
  { slices, sliceMs, warmUpMs, ratios }: RaceOptions,
): Promise<Comparison> {
  const notRun = contestants.flatMap(({ name, missing }) => {
    const why = missing?.();
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  const present = contestants.filter(({ missing }) => missing?.() === undefined);
  const samples = present.map((): Sample[] => []);
  const runners: Runner[] = [];
  try {
    for (const contestant of present) runners.push(await contestant.start());
    if (warmUpMs > 0) for (const runner of runners) await runner.slice(warmUpMs);
    for (let slice = 0; slice < slices; slice += 1) {
      for (const i of orderOf(slice, present.length)) samples[i]!.push(await runners[i]!.slice(sliceMs));
    }
    const byName = new Map(present.map(({ name }, i) => [name, samples[i]!]));
    return {
      title,
      slices,
      rows: present.map(({ name, configuration }, i) => rowOf(name, configuration, samples[i]!, runners[i]!.atEnd?.())),
      ratios: ratios.flatMap((wanted) => ratioOf(wanted, wanted.subject ?? contestants[0]!.name, byName)),
      notRun,
    };
  } finally {
    for (const runner of runners.toReversed()) await runner[Symbol.asyncDispose]();
  }
}

/** Who runs behind whom, and who begins, changes: it is worth some percent. */
function orderOf(slice: number, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => (i + (slice >> 1)) % count);
  return slice % 2 === 0 ? order : order.toReversed();
}

function rowOf(name: string, configuration: string, samples: readonly Sample[], atEnd: Sample = {}): Row {
  const figures: Record<string, Figure> = {};
  for (const metric of Object.keys(samples[0] ?? {})) {
    const values = samples.flatMap((sample) => sample[metric] ?? []);
    figures[metric] = rounded({ median: median(values), least: Math.min(...values), most: Math.max(...values) });
  }
  for (const [metric, value] of Object.entries(atEnd)) {
    figures[metric] = rounded({ median: value, least: value, most: value });
  }
  return { name, configuration, figures };
}

/** Nothing when one of the two did not run. */
function ratioOf(
  { over, by, target }: RatioWanted,
  subject: string,
  samplesOf: ReadonlyMap<string, readonly Sample[]>,
): Ratio[] {
  const own = samplesOf.get(subject);
  if (own === undefined) return [];
  const metrics = [by].flat();
  const bound = target === undefined ? {} : { target };
  if (over === undefined) {
    const values = own.map((sample) => sample[metrics[0]!]!);
    return [{ subject, by: metricOf(metrics[0]!).label, ...medianWithInterval(values), ...bound }];
  }
  const isPlain = target !== undefined && "atMost" in target;
  const all = [over].flat().flatMap((rival) => {
    const theirs = samplesOf.get(rival);
    if (theirs === undefined) return [];
    const values = own.map((sample, slice) => relation(sample, theirs[slice]!, metrics, isPlain));
    return [{ rival, values, value: median(values) }];
  });
  const [closest] = all.toSorted((a, b) => (isPlain ? b.value - a.value : a.value - b.value));
  if (closest === undefined) return [];
  const label = metrics.length === 1 ? metricOf(metrics[0]!).ratio : "CPU, geometric mean";
  return [{ subject, over: closest.rival, by: label, ...medianWithInterval(closest.values), ...bound }];
}

function medianWithInterval(values: readonly number[]) {
  return rounded({ value: median(values), ...medianInterval(values) });
}

/** How many times better, or, when `isPlain`, how many times as much. */
function relation(own: Sample, other: Sample, metrics: readonly string[], isPlain: boolean): number {
  const shared = metrics.filter((metric) => metric in own && metric in other);
  return geometricMean(
    shared.map((metric) =>
      isPlain || (METRICS[metric]?.isMoreBetter ?? false)
        ? own[metric]! / other[metric]!
        : other[metric]! / own[metric]!,
    ),
  );
}

/** Four digits that count: the rest is noise, and makes every new run a change of every line. */
function rounded<T extends Readonly<Record<string, number>>>(figures: T): T {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  ) as unknown as T;
}
