// The other side of profiled-process.cjs: asks processes to profile themselves while they work.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keepToFirstCore, runFirst } from "../cores.ts";

/** A node of V8's CPU profile, or, nested, of its allocation profile (Chrome DevTools Protocol). Lines and columns from 0. */
export interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface CpuProfile {
  /** Callers come before those that they call. */
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  /** A node for each sample, and the microseconds since the one before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface AllocationNode {
  readonly callFrame: CallFrame;
  /** Bytes. */
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

/** What the scheduler has counted meanwhile. */
interface CpuTimes {
  /** CPU time of all threads, before profiling began. */
  readonly beforeUs: number;
  /** CPU time of the thread that is profiled. */
  readonly mainUs: number;
  /** CPU time of the others, but the profiler's own. */
  readonly othersUs: number;
  /** How long the thread that is profiled could have run and had no processor. */
  readonly waitedUs: number;
}
export type CpuRecording = CpuTimes & { readonly profile: CpuProfile };
export type AllocationRecording = CpuTimes & { readonly profile: { readonly head: AllocationNode } };
export interface Recordings {
  readonly cpu: CpuRecording;
  readonly allocations: AllocationRecording;
}
export type Pass = keyof Recordings;

/** Between samples; taking one is not counted, and makes some 100 µs more of it. */
export const SAMPLE_EVERY_US = 250;
/** What is loaded into a process that is profiled. */
export const PRELOADED = "profiled-process.cjs";
const ANSWERED_WITHIN_MS = 20_000;

/** Lets every Node.js program that starts from now on, and this one, be profiled. */
export class Recorder implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "tallyline-bench-profiles-"));

  static async open(): Promise<Recorder> {
    const recorder = new Recorder();
    const preload = join(import.meta.dirname, PRELOADED);
    process.env["TALLYLINE_PROFILES"] = recorder.#folder;
    process.env["TALLYLINE_PROFILE_EVERY_US"] = `${SAMPLE_EVERY_US}`;
    process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --require="${preload}"`;
    await import(preload);
    keepToFirstCore();
    return recorder;
  }

  /** Which of these processes can be profiled. */
  nodes(pids: readonly number[]): number[] {
    return pids.filter((pid) => existsSync(join(this.#folder, `${pid}.ready`)));
  }

  /** Profiles these processes while the work goes on. */
  async during<P extends Pass>(pass: P, pids: readonly number[], work: () => Promise<void>): Promise<Recordings[P][]> {
    for (const pid of pids) {
      writeFileSync(join(this.#folder, `${pid}.ask`), pass);
      process.kill(pid, "SIGUSR2");
      await this.#take(pid, "begun");
      if (pass === "cpu") letSamplerInterrupt(pid);
    }
    await work();
    return this.end(pass, pids);
  }

  /** Programs that start meanwhile are profiled from their start on; `end` ends that. */
  async fromStart(pass: Pass, work: () => Promise<void>): Promise<void> {
    process.env["TALLYLINE_PROFILE_AT_START"] = pass;
    try {
      await work();
    } finally {
      delete process.env["TALLYLINE_PROFILE_AT_START"];
    }
  }

  async end<P extends Pass>(pass: P, pids: readonly number[]): Promise<Recordings[P][]> {
    for (const pid of pids) process.kill(pid, "SIGUSR2");
    return Promise.all(pids.map(async (pid) => JSON.parse(await this.#take(pid, pass)) as Recordings[P]));
  }

  async #take(pid: number, name: string): Promise<string> {
    const file = join(this.#folder, `${pid}.${name}`);
    const lastMs = performance.now() + ANSWERED_WITHIN_MS;
    while (!existsSync(file)) {
      if (performance.now() > lastMs) throw new Error(`process ${pid} could not be profiled: no ${name} within 20 s`);
      await sleep(5);
    }
    const text = readFileSync(file, "utf8");
    rmSync(file);
    return text;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/**
 * V8 takes samples from a thread of its own, which is woken by a timer and interrupts the one that works. On another core it mostly caught that one
 * as a system call ended; on the same one, and with no right to run at once, it got to run when the server waited. Where it is not allowed
 * that, on a machine that does other work too, C++ around JavaScript is overrated.
 */
function letSamplerInterrupt(pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const isSampler = readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8").startsWith("v8:Prof");
    if (isSampler) runFirst(Number(thread));
  }
}
