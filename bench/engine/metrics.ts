/** What is measured of a contestant in one slice, by name. */
export type Sample = Readonly<Record<string, number>>;

/** How a metric is shown, and which way is better. */
export interface Metric {
  readonly label: string;
  readonly isMoreBetter: boolean;
  readonly digits: number;
  /** What a ratio by it is called. */
  readonly ratio: string;
}

export const METRICS: Readonly<Record<string, Metric>> = {
  perSecond: { label: "a second", isMoreBetter: true, digits: 0, ratio: "throughput" },
  cpuUs: { label: "server CPU, µs each", isMoreBetter: false, digits: 2, ratio: "server CPU" },
  p50Us: { label: "p50, µs", isMoreBetter: false, digits: 0, ratio: "p50" },
  p99Us: { label: "p99, µs", isMoreBetter: false, digits: 0, ratio: "p99" },
  goodPerSecond: { label: "good a second", isMoreBetter: true, digits: 0, ratio: "goodput" },
  goodPerCpuSecond: {
    label: "good a server CPU second",
    isMoreBetter: true,
    digits: 0,
    ratio: "goodput a server CPU second",
  },
  latePerSecond: { label: "late a second", isMoreBetter: false, digits: 0, ratio: "late replies" },
  offeredPerSecond: { label: "offered a second", isMoreBetter: true, digits: 0, ratio: "offered" },
  readyMs: { label: "spawn to listening, ms", isMoreBetter: false, digits: 1, ratio: "time" },
  readyCpuMs: { label: "CPU until then, ms", isMoreBetter: false, digits: 1, ratio: "CPU" },
  rssMiB: { label: "resident, MiB", isMoreBetter: false, digits: 1, ratio: "resident memory" },
  bytesEach: { label: "bytes a connection", isMoreBetter: false, digits: 0, ratio: "memory a connection" },
  meanUs: { label: "mean, µs", isMoreBetter: false, digits: 0, ratio: "mean" },
  lost: { label: "lost", isMoreBetter: false, digits: 0, ratio: "loss" },
  loaderShare: { label: "loader's share of a core", isMoreBetter: false, digits: 2, ratio: "loader" },
};

/** Metrics that are not listed are nanoseconds, of a shape of that name. */
export function metricOf(name: string): Metric {
  return METRICS[name] ?? { label: `${name}, ns`, isMoreBetter: false, digits: 0, ratio: name };
}
