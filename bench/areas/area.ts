import type { Contestant } from "../engine/contestant.ts";
import type { RatioWanted } from "../engine/race.ts";

/** A part of the house and what it is compared with. */
export interface Area {
  readonly name: string;
  readonly title: string;
  /** What is compared, for the reader of docs/performance.md. */
  readonly about: string;
  /** What limits it, and what was tried and did not pay. */
  readonly limits: string;
  /** Runs only when it is named: it takes many minutes. */
  readonly isLong?: boolean;
  /** Yields what `bench.race` makes of each load: when it races, a comparison. */
  run<T>(bench: Bench<T>): AsyncIterable<T>;
}

/** How long to measure, and where to put files. */
export interface Bench<T = unknown> {
  /** A smoke run: a few slices of a tenth of a second, worth nothing as figures. */
  readonly isQuick: boolean;
  /** An empty folder for books and logs, removed afterwards. */
  readonly folder: string;
  race(title: string, contestants: readonly Contestant[], options: RaceLength): Promise<T>;
  /** To be told when a program listens whose start is what is measured; its slice goes on when the promise has settled. */
  listening(pids: readonly number[]): Promise<void>;
}

interface RaceLength {
  /** Slices of each contestant in a full run. */
  readonly slices: number;
  /** Length of one in a full run; 0 when a slice is as long as what it does. */
  readonly sliceMs: number;
  readonly warmUpMs?: number;
  readonly ratios: readonly RatioWanted[];
  /** Who is profiled under this load: ours, and peers that show what the rest takes. Default: nobody. */
  readonly profiled?: readonly Contestant[];
}
