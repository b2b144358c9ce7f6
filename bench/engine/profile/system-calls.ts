import { spawn } from "node:child_process";

/** Why system calls cannot be counted here. */
export class StraceError extends Error {
  override readonly name = "StraceError";
}

/**
 * Counts the system calls of these processes and of those that they start, while the work goes on; by name.
 *
 * @throws StraceError when strace is not installed, or may not look into them.
 */
export async function countSystemCalls(
  pids: readonly number[],
  work: () => Promise<void>,
): Promise<Map<string, number>> {
  const child = spawn("strace", ["-c", "-f", ...pids.flatMap((pid) => ["-p", `${pid}`])], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((attached, failed) => {
    child.stderr.on("data", (part: Buffer) => {
      said += part.toString();
      if (pids.every((pid) => isSettled(pid, said))) attached();
    });
    child.once("error", () => failed(new StraceError("strace is not installed; apt-get install strace")));
    child.once("close", () => failed(new StraceError(`strace ended: ${said.trim().split("\n").at(-1)}`)));
  });
  try {
    await work();
  } finally {
    child.kill("SIGINT");
    await ended;
  }
  return callsOf(said);
}

/** Whether strace looks into it, or has found that it has ended. */
function isSettled(pid: number, said: string): boolean {
  return new RegExp(`Process ${pid} attached|PTRACE_SEIZE, ${pid}\\)`).test(said);
}

/** Of the table that `strace -c` prints. */
export function callsOf(summary: string): Map<string, number> {
  const rows = summary.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$/gm);
  return new Map([...rows].filter(([, , name]) => name !== "total").map(([, calls, name]) => [name!, Number(calls)]));
}
