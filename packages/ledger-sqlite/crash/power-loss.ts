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
export function* powerLosses(recorded: Recorded, random: Random, count: number): Generator<PowerLoss> {
  const { length } = recorded.calls;
  // Spread evenly, and a little by chance; the last one falls after the end of the run.
  const cuts = Array.from({ length: count }, (_, made) =>
    made === count - 1 ? length : Math.floor(((made + random.below(1000) / 1000) * length) / count),
  );
  yield* lossesAt(cuts, recorded, random, () => [random.pick(losses)]);
}

/**
 * Cuts it just before the first sync after a log was emptied or removed, and loses in every way: a log that comes back is
 * an old one.
 */
export function* lossesOfEmptying(recorded: Recorded, random: Random): Generator<PowerLoss> {
  const { calls } = recorded;
  const cuts: number[] = [];
  calls.forEach((call, index) => {
    const isGone = call.kind === "unlink" || (call.kind === "truncate" && call.size === 0);
    if (!isGone || !call.name.endsWith("-wal")) return;
    const sync = calls.findIndex(({ kind }, later) => later > index && kind === "sync");
    cuts.push(sync < 0 ? calls.length : sync);
  });
  yield* lossesAt(cuts, recorded, random, () => losses);
}

/** @param cuts How many calls were made before each cut, in order. */
function* lossesAt(
  cuts: readonly number[],
  { start, calls }: Recorded,
  random: Random,
  lossesOf: () => readonly Loss[],
): Generator<PowerLoss> {
  const disk = new Disk(random, start.files);
  let applied = 0;
  let { history } = start;
  for (const cut of cuts) {
    for (; applied < cut; applied += 1) {
      const call = calls[applied]!;
      if (call.name !== "history") disk.apply(call);
      else if (call.kind === "write") history += call.bytes.toString("utf8");
    }
    for (const loss of lossesOf()) yield { cut, loss, files: disk.image(loss), history };
  }
}
