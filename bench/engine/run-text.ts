import type { Run } from "./result.ts";

/** By which command figures were measured, when, and on what. */
export function whereAndWhen({ command, machine, seconds }: Run): string {
  return (
    `\`${command}\` on ${machine.date}, ${seconds} s: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}, ` +
    `Node.js ${machine.node}, ${machine.fileSystem}; load average ${machine.loadBefore} before, ${machine.loadAfter} at the end.`
  );
}
