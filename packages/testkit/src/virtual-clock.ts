import { numberWithin, refuseUnknownKeys } from "./options.ts";

/** Calls `run` once after `delayMs`; what it returns cancels that. A virtual clock's, or one made of `setTimeout`. */
export type After = (delayMs: number, run: () => void) => () => void;

/** Limits of one run, so that a test that never settles ends with a reason. */
export interface RunLimits {
  /** Virtual time, default 3600000: one hour. */
  readonly maxMs?: number;
  /** Callbacks, default 1000000. */
  readonly maxRuns?: number;
}

/** Time that passes only when told to. Callbacks run in order of their time, those of one time in the order of asking. */
export interface VirtualClock {
  /** Milliseconds since the clock was made. */
  now(): number;
  readonly after: After;
  /** Callbacks waiting. */
  readonly pendingCount: number;
  /** When the next callback is due, or undefined. A state machine that says when to wake fits in here. */
  readonly nextAtMs: number | undefined;
  /** Lets this much time pass and runs what falls due, also what is scheduled meanwhile. */
  advance(ms: number): void;
  /** Runs until nothing is waiting. Throws `RangeError` at a limit. */
  runUntilIdle(limits?: RunLimits): void;
  /**
   * Lets time pass, and promises go on between callbacks, until the promise settles, and gives its outcome. Rejects with
   * an error when nothing is left that could settle it: what would hang in real time fails at once here. Promises alone
   * get 300 turns before time passes, and 5000 before they are given up.
   */
  drive<Value>(promise: Promise<Value>, limits?: RunLimits): Promise<Value>;
}

/** A clock that stands at 0. */
export function createVirtualClock(): VirtualClock {
  return new Clock();
}

interface Callback {
  readonly atMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

class Clock implements VirtualClock {
  #nowMs = 0;
  /** In reverse order of time, so that the next is popped off the end. */
  readonly #callbacks: Callback[] = [];

  now(): number {
    return this.#nowMs;
  }

  readonly after: After = (delayMs, run) => {
    const atMs = this.#nowMs + numberWithin("delayMs", delayMs, 0, Number.MAX_SAFE_INTEGER);
    const callback = { atMs, run, isCancelled: false };
    this.#callbacks.splice(this.#indexFor(atMs), 0, callback);
    return () => {
      callback.isCancelled = true;
    };
  };

  get pendingCount(): number {
    return this.#callbacks.filter((callback) => !callback.isCancelled).length;
  }

  get nextAtMs(): number | undefined {
    return this.#next()?.atMs;
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + numberWithin("ms", ms, 0, Number.MAX_SAFE_INTEGER);
    for (let next = this.#next(); next !== undefined && next.atMs <= untilMs; next = this.#next()) this.#runNext();
    this.#nowMs = untilMs;
  }

  runUntilIdle(limits: RunLimits = {}): void {
    const step = this.#stepper("runUntilIdle", limits);
    while (step());
  }

  async drive<Value>(promise: Promise<Value>, limits: RunLimits = {}): Promise<Value> {
    const step = this.#stepper("drive", limits);
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      // Time stands still while promises have something to do among themselves, and nothing is given up early.
      const nextAtMs = this.#next()?.atMs;
      const turns = nextAtMs === undefined ? 5000 : nextAtMs === this.#nowMs ? 50 : 300;
      for (let i = 0; i < turns && !state.isSettled; i += 1) await Promise.resolve();
      if (state.isSettled) return promise;
      if (!step()) throw new Error(`nothing is left to happen at ${this.#nowMs} ms, and the promise has not settled`);
    }
  }

  /** Runs the next callback each time it is called; false when there is none. */
  #stepper(owner: string, limits: RunLimits): () => boolean {
    refuseUnknownKeys(owner, limits, ["maxMs", "maxRuns"]);
    const maxMs = numberWithin("maxMs", limits.maxMs ?? 3_600_000, 0, Number.MAX_SAFE_INTEGER);
    const maxRuns = numberWithin("maxRuns", limits.maxRuns ?? 1_000_000, 1, Number.MAX_SAFE_INTEGER);
    const startMs = this.#nowMs;
    let runs = 0;
    return () => {
      const next = this.#next();
      if (next === undefined) return false;
      if (next.atMs - startMs > maxMs) {
        throw new RangeError(`not idle after ${next.atMs - startMs} ms, limit is ${maxMs}`);
      }
      if (runs >= maxRuns) throw new RangeError(`not idle after ${runs} callbacks, limit is ${maxRuns}`);
      runs += 1;
      this.#runNext();
      return true;
    };
  }

  #next(): Callback | undefined {
    while (this.#callbacks.at(-1)?.isCancelled) this.#callbacks.pop();
    return this.#callbacks.at(-1);
  }

  #runNext(): void {
    const callback = this.#callbacks.pop();
    if (callback === undefined) return;
    this.#nowMs = callback.atMs;
    callback.run();
  }

  /** Before everything that is due no later: that was asked for first and runs first. */
  #indexFor(atMs: number): number {
    let low = 0;
    let high = this.#callbacks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#callbacks[middle]?.atMs ?? 0) > atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
