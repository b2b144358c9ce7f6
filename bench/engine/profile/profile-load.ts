import type { Contestant, Runner, Work } from "../contestant.ts";
import { cpuMicrosByThread } from "../process-usage.ts";
import { condenseAllocations, condenseCpu, type CondensedCpu, type Cost } from "./condense.ts";
import type { Amount, ProfiledLoad, Side } from "./profile-result.ts";
import type { Pass, Recorder, Recordings } from "./recording.ts";
import { sourceFinder } from "./source-of.ts";
import { countSystemCalls, StraceError } from "./system-calls.ts";

export interface ProfileLength {
  /** A slice's, as in the race. */
  readonly sliceMs: number;
  /** Each pass repeats slices for so long. */
  readonly passMs: Readonly<Record<Pass | "warmUp" | "cost" | "systemCalls", number>>;
  /** Of a program whose start is profiled. */
  readonly starts: number;
}

/** Puts contestants under their load as a race does, one after another, and looks into their processes. */
export class LoadProfiler {
  readonly #recorder: Recorder;
  readonly #sourceOf = sourceFinder();
  #listening: (pids: readonly number[]) => Promise<void> = async () => {};

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** To be told when a program whose start is an operation has started. */
  listening(pids: readonly number[]): Promise<void> {
    return this.#listening(pids);
  }

  async profile(title: string, contestants: readonly Contestant[], length: ProfileLength): Promise<ProfiledLoad> {
    const sides: Side[] = [];
    const notRun: string[] = [];
    for (const contestant of contestants) {
      const { name, configuration, missing } = contestant;
      const why = missing?.();
      if (why !== undefined) {
        notRun.push(`${name}: ${why}`);
        continue;
      }
      await using runner = await contestant.start();
      const { found, failed } = await this.#lookInto(runner, length);
      sides.push({ name, configuration, ...found });
      if (failed !== undefined) notRun.push(`${name}, system calls: ${failed}`);
    }
    return { title, sides, notRun };
  }

  async #lookInto(runner: Runner, length: ProfileLength): Promise<Found> {
    if (runner.work === undefined) return { found: await this.#starts(runner, length.starts) };
    const { pids } = runner.work;
    const load = new LoadOn(runner, runner.work, length);
    if (length.passMs.warmUp > 0) await load.put("warmUp");
    // A server that is another program in part is none of which a part would tell.
    const isNode = this.#recorder.nodes(pids).length === pids.length;
    const profiled = isNode ? await this.#profiles(pids, load) : {};
    if (pids.includes(process.pid)) return { found: profiled };
    try {
      let operations = 0;
      const calls = await countSystemCalls(runner.work.pids, async () => {
        operations = await load.put("systemCalls");
      });
      if (operations === 0) throw new StraceError("too slow under strace to finish a single operation");
      const systemCalls = Object.fromEntries([...calls].map(([name, count]) => [name, rounded(count / operations)]));
      return { found: { ...profiled, systemCalls } };
    } catch (error) {
      if (!(error instanceof StraceError)) throw error;
      return { found: profiled, failed: error.message };
    }
  }

  /** What an operation costs is measured without a profile, before and after. */
  async #profiles(pids: readonly number[], load: LoadOn) {
    const costs = [await load.cost(pids)];
    let operations = 0;
    const recordings = await this.#recorder.during("cpu", pids, async () => {
      operations = await load.put("cpu");
    });
    costs.push(await load.cost(pids));
    const cost = {
      mainUs: mean(costs.map(({ mainUs }) => mainUs)),
      othersUs: mean(costs.map((each) => each.othersUs)),
    };
    const cpu = condenseCpu(recordings, operations, cost, this.#sourceOf);
    const allocated = await this.#recorder.during("allocations", pids, async () => {
      operations = await load.put("allocations");
    });
    return inShort(cpu, condenseAllocations(allocated, operations, this.#sourceOf));
  }

  /** Each slice starts a program anew, and that is the operation. The first one reads files that the others find in memory. */
  async #starts(runner: Runner, starts: number) {
    await runner.slice(0);
    const recorded = async <P extends Pass>(pass: P, count: number): Promise<Recordings[P][]> => {
      const recordings: Recordings[P][] = [];
      this.#listening = async (pids) => void recordings.push(...(await this.#recorder.end(pass, pids)));
      await this.#recorder.fromStart(pass, async () => {
        for (let start = 0; start < count; start += 1) await runner.slice(0);
      });
      this.#listening = async () => {};
      return recordings;
    };
    const recordings = await recorded("cpu", starts);
    const cost = {
      mainUs: mean(recordings.map(({ mainUs }) => mainUs)),
      othersUs: mean(recordings.map(({ othersUs }) => othersUs)),
      beforeUs: mean(recordings.map(({ beforeUs }) => beforeUs)),
    };
    const cpu = condenseCpu(recordings, starts, cost, this.#sourceOf);
    return inShort(cpu, condenseAllocations(await recorded("allocations", 2), 2, this.#sourceOf));
  }
}

/** Repeats a runner's slices, as long as each pass takes, and counts operations. */
class LoadOn {
  readonly #runner: Runner;
  readonly #work: Work;
  readonly #length: ProfileLength;

  constructor(runner: Runner, work: Work, length: ProfileLength) {
    this.#runner = runner;
    this.#work = work;
    this.#length = length;
  }

  /** @returns how many operations that were. */
  async put(pass: keyof ProfileLength["passMs"]): Promise<number> {
    const before = this.#work.operations();
    const lastMs = performance.now() + this.#length.passMs[pass];
    do await this.#runner.slice(this.#length.sliceMs);
    while (performance.now() < lastMs);
    return this.#work.operations() - before;
  }

  /** Of an operation. */
  async cost(pids: readonly number[]): Promise<Cost> {
    const before = cpuMicrosByThread(pids);
    const operations = await this.put("cost");
    const after = cpuMicrosByThread(pids);
    return {
      mainUs: (after.mainUs - before.mainUs) / operations,
      othersUs: (after.othersUs - before.othersUs) / operations,
    };
  }
}

interface Found {
  readonly found: Omit<Side, "name" | "configuration">;
  /** Why system calls could not be counted. */
  readonly failed?: string;
}

function inShort({ layers, functions }: CondensedCpu, allocations: readonly Amount[]) {
  const short = <T extends { readonly value: number }>(all: readonly T[]): T[] =>
    all.map((each) => ({ ...each, value: rounded(each.value) }));
  return {
    layers: short(layers),
    functions: short(functions),
    allocations: short(allocations),
  };
}

/** Four digits that count. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
