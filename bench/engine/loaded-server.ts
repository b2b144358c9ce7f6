import { setTimeout as sleep } from "node:timers/promises";
import type { Contestant } from "./contestant.ts";
import { Loader, type Load, type Slice, type Traffic } from "./load.ts";
import type { Sample } from "./metrics.ts";
import { cpuMicros, residentMiB } from "./process-usage.ts";
import type { ServerProcess } from "./server-process.ts";

/** A server and what it is asked. */
export interface LoadedServer {
  readonly name: string;
  readonly configuration: string;
  readonly missing?: () => string | undefined;
  readonly start: () => Promise<ServerProcess>;
  /** How long it may go on working on a slice after its last reply. That work counts, and no other server is measured meanwhile. */
  readonly settleMs?: number;
  readonly load: Load | ((server: ServerProcess) => Promise<Load>);
}

/** The server as a contestant, under this traffic from a process of its own. */
export function loaded(
  { name, configuration, missing, start, settleMs = 0, load }: LoadedServer,
  traffic: Traffic,
): Contestant {
  return {
    name,
    configuration,
    missing,
    async start() {
      const server = await start();
      try {
        const asked = typeof load === "function" ? await load(server) : load;
        const loader = await Loader.open(server.port, asked, traffic);
        let operations = 0;
        return {
          async slice(ms) {
            const before = cpuMicros(server.pids);
            const slice = await loader.run(ms);
            if (settleMs > 0) await sleep(settleMs);
            operations += slice.answered;
            return sampleOf(slice, cpuMicros(server.pids) - before, asked.transport === "udp");
          },
          atEnd: () => ({ rssMiB: residentMiB(server.pids) }),
          work: { pids: server.pids, operations: () => operations },
          async [Symbol.asyncDispose]() {
            await loader[Symbol.asyncDispose]();
            await server[Symbol.asyncDispose]();
          },
        };
      } catch (error) {
        await server[Symbol.asyncDispose]();
        throw new Error(`${name}: ${String(error)}`, { cause: error });
      }
    },
  };
}

function sampleOf(
  { answered, lost, seconds, loaderSeconds, p50Us, p99Us }: Slice,
  cpu: number,
  isUdp: boolean,
): Sample {
  return {
    perSecond: answered / seconds,
    cpuUs: cpu / Math.max(answered, 1),
    p50Us,
    p99Us,
    loaderShare: loaderSeconds / seconds,
    ...(isUdp ? { lost } : {}),
  };
}
