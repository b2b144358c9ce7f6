// What a run leaves behind as results/AREA.json; the pictures and docs/performance.md are made from these files alone.
import type { Machine } from "./machine.ts";

/** Of which area, by which command, where and when. */
export interface Run {
  readonly area: string;
  readonly command: string;
  readonly machine: Machine;
  readonly seconds: number;
}

export interface AreaResult extends Run {
  readonly comparisons: readonly Comparison[];
}

/** Contestants that took turns under one load. */
export interface Comparison {
  readonly title: string;
  /** Slices of each. */
  readonly slices: number;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  /** Who was not there, and how to get it. */
  readonly notRun: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly configuration: string;
  /** Over the slices, by the metric's name. */
  readonly figures: Readonly<Record<string, Figure>>;
}

export interface Figure {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One contestant over another, slice by slice; or, without another, its figure. */
export interface Ratio {
  readonly subject: string;
  readonly over?: string;
  readonly by: string;
  /** The median of the slices' ratios, and where it lies 19 times in 20. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly target?: Target;
}

/** A bound. Of `atLeast`, a ratio above 1 says that the subject is better; of `atMost`, that it takes more. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export type Verdict = "reached" | "not reached" | "reached, within the noise" | "not reached, within the noise";

/** Whether a ratio reaches its target; within the noise when the interval holds the bound. */
export function verdict({ value, low, high, target }: Ratio): Verdict | undefined {
  if (target === undefined) return undefined;
  const bound = boundOf(target);
  const isReached = "atLeast" in target ? value >= bound : value <= bound;
  const isClear = bound <= low || bound >= high;
  return `${isReached ? "reached" : "not reached"}${isClear ? "" : ", within the noise"}`;
}

export function boundOf(target: Target): number {
  return "atLeast" in target ? target.atLeast : target.atMost;
}

export function targetText(target: Target): string {
  return "atLeast" in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}

/** Who over whom. */
export function ratioName({ subject, over }: Ratio): string {
  return over === undefined ? subject : `${subject} over ${over}`;
}
