import type { Contestant } from "./contestant.ts";
import { cpuMicros } from "./process-usage.ts";
import type { ServerProcess } from "./server-process.ts";
import { Worker } from "./worker.ts";

/** A server and the client that is made for it. */
export interface CalledServer {
  readonly name: string;
  /** Of bench/servers/call-client.ts. */
  readonly kind: string;
  readonly missing?: () => string | undefined;
  readonly start: () => Promise<ServerProcess>;
  /** Calls in a slice. */
  readonly count: number;
}

const AT_A_TIME = 50;

/** The server as a contestant, called by its own client. CPU is that of both. */
export function called({ name, kind, missing, start, count }: CalledServer, configuration: string): Contestant {
  return {
    name,
    configuration,
    missing,
    async start() {
      const server = await start();
      const client = await Worker.start("call-client.ts", [kind, `${server.port}`]);
      return {
        async slice() {
          const before = cpuMicros(server.pids);
          const { ms, cpuUs } = await client.ask({ count, size: AT_A_TIME });
          return { perSecond: (1000 * count) / ms, cpuUs: (cpuUs + cpuMicros(server.pids) - before) / count };
        },
        async [Symbol.asyncDispose]() {
          await client[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  };
}
