import { Disk, losses, type Loss } from "./disk.ts";
import type { Random } from "./random.ts";
import type { StorageCall } from "./write-log.ts";

/** What a run begins with: files by name, and what clients have been told. */
export interface Start {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly history: string;
}

/** What is left of a recorded run after the power was cut in the middle of it. */
export interface PowerLoss extends Start {
  /** How many of the calls were made. */
  readonly cut: number;
  readonly loss: Loss;
}

/** A run, from its start to its end. */
export interface Recorded {
  readonly start: Start;
  readonly calls: readonly StorageCall[];
}

/**
 * Cuts the power at moments spread over a run, and each time loses something else of what was not synced. The file named
 * "history" was told to somebody, and is never lost.
 */
export function* powerLosses({ start, calls }: Recorded, random: Random, count: number): Generator<PowerLoss> {
  const disk = new Disk(random, start.files);
  let applied = 0;
  let { history } = start;
  for (let made = 0; made < count; made += 1) {
    // Spread evenly, and a little by chance; the last one falls after the end of the run.
    const cut =
      made === count - 1 ? calls.length : Math.floor(((made + random.below(1000) / 1000) * calls.length) / count);
    for (; applied < cut; applied += 1) {
      const call = calls[applied]!;
      if (call.name !== "history") disk.apply(call);
      else if (call.kind === "write") history += call.bytes.toString("utf8");
    }
    const loss = random.pick(losses);
    yield { cut, loss, files: disk.image(loss), history };
  }
}
