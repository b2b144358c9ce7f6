import { availableParallelism } from "node:os";

/**
 * A command kept to one core: a server to the first, the load generator to the last, so that no slice depends on whether the scheduler
 * happened to put both on one. Left as it is where there is one core only.
 */
export function onCore(which: "first" | "last", command: string, args: readonly string[]): [string, string[]] {
  const cores = availableParallelism();
  if (cores === 1) return [command, [...args]];
  return ["taskset", ["-c", `${which === "first" ? 0 : cores - 1}`, command, ...args]];
}
