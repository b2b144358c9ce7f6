import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "./metrics.ts";
import { residentMiB } from "./process-usage.ts";

/** So many transfers or calls, so many of them a commit or at a time. */
export interface Work {
  readonly count: number;
  readonly size: number;
}

/** What that took; CPU time is the worker's. */
export interface Cost {
  readonly ms: number;
  readonly cpuUs: number;
}

/** A program of bench/servers that is asked over a channel, not over a socket: a ledger, or a client, in a process of its own. */
export class Worker implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(file: string, args: readonly string[]): Promise<Worker> {
    const worker = new Worker(fork(join(import.meta.dirname, "..", "servers", file), [...args]));
    await worker.#message();
    return worker;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async ask(work: Work): Promise<Cost> {
    this.#child.send(work);
    return (await this.#message()) as Cost;
  }

  /** Figures to be read once. */
  atEnd(): Sample {
    return { rssMiB: residentMiB([this.pid]) };
  }

  async #message(): Promise<unknown> {
    const ended = new AbortController();
    const onExit = () => ended.abort(new Error("the worker ended"));
    this.#child.once("exit", onExit);
    try {
      const [message] = await once(this.#child, "message", { signal: ended.signal });
      return message;
    } finally {
      this.#child.off("exit", onExit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

/**
 * The worker's side: does what it is asked, and answers with what it took. CPU time is counted for `settleMs` longer: for work that is put
 * off until there is nothing else to do.
 */
export async function serve(work: (what: Work) => void | Promise<void>, settleMs = 0): Promise<void> {
  process.on("message", async (what: Work) => {
    const startMs = performance.now();
    const start = process.cpuUsage();
    await work(what);
    const ms = performance.now() - startMs;
    if (settleMs > 0) await sleep(settleMs);
    const { user, system } = process.cpuUsage(start);
    process.send!({ ms, cpuUs: user + system } satisfies Cost);
  });
  process.on("disconnect", () => process.exit());
  process.send!("ready");
}
