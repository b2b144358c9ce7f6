import type { Sample } from "./metrics.ts";

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** How it is set up, in words that let one repeat it. */
  readonly configuration: string;
  /** Says why it cannot run here, and what to install; undefined when it can. */
  readonly missing?: (() => string | undefined) | undefined;
  start(): Promise<Runner>;
}

/** A contestant that has started and warmed up as far as it does by itself. */
export interface Runner extends AsyncDisposable {
  /** Works for so long, or once when what is measured has a length of its own. */
  slice(ms: number): Promise<Sample>;
  /** Figures of the whole run, read once at its end. */
  readonly atEnd?: () => Sample;
  /** For who looks into it. Without it, a slice starts a program anew. */
  readonly work?: Work;
}

/** Who works in a slice, and how much has been done so far. */
export interface Work {
  readonly pids: readonly number[];
  operations(): number;
}
