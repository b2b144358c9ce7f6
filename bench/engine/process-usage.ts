import { readdirSync, readFileSync } from "node:fs";

/** CPU time of all threads of these processes, in microseconds: what the scheduler has counted in nanoseconds (proc(5), schedstat). */
export function cpuMicros(pids: readonly number[]): number {
  const { mainUs, othersUs } = cpuMicrosByThread(pids);
  return mainUs + othersUs;
}

/** The same, of each process's first thread and of all others. */
export function cpuMicrosByThread(pids: readonly number[]): { readonly mainUs: number; readonly othersUs: number } {
  let mainUs = 0;
  let othersUs = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const us = nanosecondsOf(`/proc/${pid}/task/${thread}`) / 1000;
      if (thread === `${pid}`) mainUs += us;
      else othersUs += us;
    }
  }
  return { mainUs, othersUs };
}

/** Nothing of a thread that has just ended. */
function nanosecondsOf(thread: string): number {
  try {
    return Number(readFileSync(`${thread}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    return 0;
  }
}

/** Memory of these processes that is resident, in MiB. */
export function residentMiB(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) => /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return kibibytes.reduce((sum, each) => sum + Number(each), 0) / 1024;
}

const MICROS_PER_TICK = 10_000;

/**
 * CPU time of a process, of its children, and of those that have ended, in microseconds but counted in steps of 10 ms: for a server that
 * starts a process for each client.
 */
export function cpuMicrosWithChildren(pid: number): number {
  let ticks = 0;
  for (const each of readdirSync("/proc")) {
    if (!/^\d+$/.test(each)) continue;
    const times = timesOf(each);
    if (each === `${pid}`) ticks += times.own + times.children;
    else if (times.parent === pid) ticks += times.own;
  }
  return ticks * MICROS_PER_TICK;
}

/** CPU time that children of this process had used when they ended, in microseconds. */
export function endedChildrenMicros(): number {
  return timesOf("self").children * MICROS_PER_TICK;
}

/** Of a process: proc(5), stat, fields 4 and 14 to 17. Nothing of one that has ended. */
function timesOf(pid: string): { readonly parent: number; readonly own: number; readonly children: number } {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = status
      .slice(status.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    return { parent: fields[1]!, own: fields[11]! + fields[12]!, children: fields[13]! + fields[14]! };
  } catch {
    return { parent: 0, own: 0, children: 0 };
  }
}
