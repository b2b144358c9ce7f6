import { afterPoll } from "./after-poll.ts";

/**
 * One timer for all the times that somebody waits for: it rings at the earliest, once, and is then to be told the next. Work
 * that the network brought until then is done first. It does not keep the process alive: a socket does, while there is one.
 */
export class Alarm {
  readonly #owner: { timeUp(): void };
  #timer: NodeJS.Timeout | undefined;
  #atMs = Infinity;

  constructor(owner: { timeUp(): void }) {
    this.#owner = owner;
  }

  /** Rings at this time of `performance.now()` at the latest. */
  wakeBy(atMs: number): void {
    if (atMs >= this.#atMs) return;
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    this.#timer = setTimeout(onTimer, Math.max(1, Math.ceil(atMs - performance.now())), this).unref();
  }

  /** For good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#atMs = -Infinity;
  }

  ring(): void {
    if (this.#atMs === -Infinity) return;
    this.#atMs = Infinity;
    this.#owner.timeUp();
  }
}

function onTimer(alarm: Alarm): void {
  afterPoll(() => alarm.ring());
}
