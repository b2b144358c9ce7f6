// From what V8 has recorded to time and bytes by layer, an operation.
import { type Kind, type Layer, layerOf, layerOfKind, shortPath } from "./layer.ts";
import {
  type AllocationNode,
  type AllocationRecording,
  type CallFrame,
  type CpuRecording,
  PRELOADED,
  SAMPLE_EVERY_US,
} from "./recording.ts";
import type { Amount, FunctionTime } from "./profile-result.ts";
import type { Source } from "./source-of.ts";

export type SourceOf = (frame: CallFrame) => Source | undefined;

const FUNCTIONS = 10;
const LATE_US = 2 * SAMPLE_EVERY_US;

/** Sums by layer and by function. */
class Tally {
  readonly #sourceOf: SourceOf;
  readonly layers = new Map<string, Layer & { value: number }>();
  readonly functions = new Map<string, { name: string; where: string; layer: string; value: number }>();

  constructor(sourceOf: SourceOf) {
    this.#sourceOf = sourceOf;
  }

  addLayer(layer: Layer, value: number): void {
    const known = this.layers.get(layer.name);
    if (known === undefined) this.layers.set(layer.name, { ...layer, value });
    else known.value += value;
  }

  addFrame(frame: CallFrame, value: number): void {
    const source = this.#sourceOf(frame);
    const layer = layerOfFrame(frame, source);
    this.addLayer(layer, value);
    if (frame.functionName.startsWith("(")) return; // not a function, but a state of V8
    const where = source === undefined ? "" : `${shortPath(source.file)}:${source.line}`;
    const key = `${frame.functionName} ${where}`;
    const known = this.functions.get(key);
    if (known !== undefined) known.value += value;
    else this.functions.set(key, { name: frame.functionName || "(anonymous)", where, layer: layer.name, value });
  }

  amounts(operations: number): Amount[] {
    return [...this.layers.values()]
      .filter(({ value }) => value > 0)
      .toSorted((a, b) => b.value - a.value)
      .map(({ kind, name, value }) => ({ kind, name, value: value / operations }));
  }

  largest(): FunctionTime[] {
    return [...this.functions.values()].toSorted((a, b) => b.value - a.value).slice(0, FUNCTIONS);
  }
}

/** What is no JavaScript has no source: states of V8 in brackets; what was made from a text; and the rest, functions of C++. */
function layerOfFrame({ functionName, lineNumber }: CallFrame, source: Source | undefined): Layer {
  if (source !== undefined) return layerOf(source.file);
  if (functionName === "(garbage collector)") return layerOfKind("garbage");
  if (functionName.startsWith("(")) return layerOfKind("around");
  return layerOfKind(lineNumber >= 0 ? "generated" : "called");
}

/** CPU time of an operation in microseconds, as the scheduler counts it without a profiler. */
export interface Cost {
  /** Of the threads that are profiled. */
  readonly mainUs: number;
  readonly othersUs: number;
  /** Before a program's first module. */
  readonly beforeUs?: number;
}

export interface CondensedCpu {
  readonly layers: Amount[];
  readonly functions: FunctionTime[];
}

/**
 * CPU time by layer, in microseconds an operation; the layers' sum is the operation's cost.
 *
 * V8 calls a program idle from before it waits for events until after their callbacks, but for the JavaScript in them, so reading from sockets
 * counts as idle. Of idle time, that is work what no other sample explains of the time that the thread ran, without what it took to be sampled
 * while it was idle.
 */
export function condenseCpu(
  recordings: readonly CpuRecording[],
  operations: number,
  { mainUs, othersUs, beforeUs = 0 }: Cost,
  sourceOf: SourceOf,
): CondensedCpu {
  const all = recordings.map(selfTimes);
  const busyUs = sum(all.map((each) => each.busyUs));
  const idleUs = sum(all.map((each) => each.idleUs));
  const ranUs = sum(recordings.map((each) => each.mainUs));
  const samplingUs = Math.max(ranUs - mainUs * operations, 0);
  const samplingIdleUs = (samplingUs * idleUs) / Math.max(idleUs + busyUs, 1);
  const aroundUs = clamp(ranUs - samplingIdleUs - busyUs, 0, idleUs);
  const scale = busyUs + aroundUs === 0 ? 0 : mainUs / (busyUs + aroundUs);
  const tally = new Tally(sourceOf);
  for (const { byFrame } of all) for (const [frame, us] of byFrame) tally.addFrame(frame, us * scale);
  tally.addLayer(layerOfKind("around"), aroundUs * scale);
  tally.addLayer(layerOfKind("threads"), othersUs);
  tally.addLayer(layerOfKind("before"), beforeUs);
  return { layers: tally.amounts(1), functions: tally.largest() };
}

/**
 * Time of each function itself, and time that V8 calls idle; without what the profile's own beginning and end took. A sample stands for the time since the
 * one before, unless that is long: then the thread waited meanwhile, and took the sample where it went on. As far as it stood in line for a processor,
 * the sample is left out: where that happens has no meaning. The rest of it was waiting for the disk, in a call that also works, and counts
 * as if it had come in time.
 */
function selfTimes({ profile: { nodes, samples, timeDeltas }, waitedUs }: CpuRecording) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const profilers = profilersAmong(nodes);
  const lateUs = sum(timeDeltas.filter((us) => us > LATE_US));
  const weightOfLateUs = lateUs === 0 ? 0 : SAMPLE_EVERY_US * Math.max(1 - waitedUs / lateUs, 0);
  const taken = samples.flatMap((id, index) => {
    const us = timeDeltas[index]!;
    return profilers.has(id) || us <= 0 ? [] : [{ frame: frames.get(id)!, us: us > LATE_US ? weightOfLateUs : us }];
  });
  const takenUs = sum(taken.map(({ us }) => us));
  // Standing in line also makes samples long that are not late.
  const scale = Math.min(Math.max(sum(timeDeltas) - waitedUs, 0) / Math.max(takenUs, 1), 1);
  const byFrame = new Map<CallFrame, number>();
  let busyUs = 0;
  let idleUs = 0;
  for (const { frame, us } of taken) {
    if (frame.functionName === "(idle)") {
      idleUs += us * scale;
    } else {
      busyUs += us * scale;
      byFrame.set(frame, (byFrame.get(frame) ?? 0) + us * scale);
    }
  }
  return { byFrame, busyUs, idleUs };
}

function profilersAmong(nodes: CpuRecording["profile"]["nodes"]): Set<number> {
  const found = new Set<number>();
  for (const { id, callFrame, children = [] } of nodes) {
    if (!found.has(id) && !callFrame.url.endsWith(`/${PRELOADED}`)) continue;
    for (const each of [id, ...children]) found.add(each);
  }
  return found;
}

/** Bytes allocated in V8's heap by layer, an operation. */
export function condenseAllocations(
  recordings: readonly AllocationRecording[],
  operations: number,
  sourceOf: SourceOf,
): Amount[] {
  const tally = new Tally(sourceOf);
  const add = ({ callFrame, selfSize, children }: AllocationNode): void => {
    if (selfSize > 0) tally.addFrame(callFrame, selfSize);
    for (const child of children) add(child);
  };
  for (const { profile } of recordings) add(profile.head);
  return tally.amounts(operations);
}

/** What all of them are together. */
export function sumOf(amounts: readonly Amount[], kinds?: readonly Kind[]): number {
  return sum(amounts.filter(({ kind }) => kinds === undefined || kinds.includes(kind)).map(({ value }) => value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
