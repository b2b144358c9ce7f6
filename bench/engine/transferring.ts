import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "./contestant.ts";
import { Worker, type Work } from "./worker.ts";

/** A program of bench/servers that makes transfers in a file; the file's path is its first argument. */
export interface Transferring {
  readonly name: string;
  readonly configuration: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** The program as a contestant. A slice is that much work, however long it takes. */
export function transferring(
  { name, configuration, file, args }: Transferring,
  work: Work,
  { folder, isQuick }: { readonly folder: string; readonly isQuick: boolean },
): Contestant {
  return {
    name,
    configuration,
    async start() {
      const worker = await Worker.start(file, [join(mkdtempSync(join(folder, "ledger-")), "ledger.db"), ...args]);
      await worker.ask({ count: isQuick ? 10_000 : 100_000, size: 1000 }); // until it is compiled
      let operations = 0;
      return {
        async slice() {
          const { ms, cpuUs } = await worker.ask(work);
          operations += work.count;
          return { perSecond: (1000 * work.count) / ms, cpuUs: cpuUs / work.count };
        },
        atEnd: () => worker.atEnd(),
        work: { pids: [worker.pid], operations: () => operations },
        [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
      };
    },
  };
}
