import { execFileSync, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** As many as there were before this process was kept to one. */
export const cores = availableParallelism();

/**
 * A command kept to one core: a server to the first, the load generator to the last, so that no slice depends on whether the scheduler
 * happened to put both on one. Left as it is where there is one core only.
 */
export function onCore(which: "first" | "last", command: string, args: readonly string[]): [string, string[]] {
  if (cores === 1) return [command, [...args]];
  return ["taskset", ["-c", `${which === "first" ? 0 : cores - 1}`, command, ...args]];
}

/** Keeps this process, and those that it starts from now on, to the first core; but for those of `onCore`. */
export function keepToFirstCore(): void {
  if (cores > 1) execFileSync("taskset", ["-cp", "0", `${process.pid}`], { stdio: "ignore" });
}

/** Lets a thread run as soon as it wants to, before all others on its core. Nothing where this process may not do that. */
export function runFirst(thread: number): void {
  spawnSync("chrt", ["--fifo", "--pid", "1", `${thread}`], { stdio: "ignore" });
}
