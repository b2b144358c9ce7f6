import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPostgres, startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import type { Contestant } from "./contestant.ts";
import { onCore } from "./cores.ts";
import { cpuMicrosWithChildren, endedChildrenMicros } from "./process-usage.ts";

const run = promisify(execFile);

function postgresMissing(): string | undefined {
  return findPostgres() === undefined
    ? "not installed; apt-get install postgresql, with create_main_cluster = false in /etc/postgresql-common/createcluster.conf"
    : undefined;
}

/** A script of pgbench on a server of its own, prepared statements; `schema` is run first. */
export function pgbench(
  name: string,
  { schema, script, connections }: { readonly schema: string; readonly script: string; readonly connections: number },
): Contestant {
  return {
    name,
    configuration: `Debian's PostgreSQL with its defaults; pgbench -M prepared -c ${connections}, over its Unix socket`,
    missing: postgresMissing,
    async start() {
      const server = await startPostgres();
      const bin = findPostgres()!;
      const where = ["-h", server.folder, "-U", "postgres"];
      await run(join(bin, "psql"), [...where, "-q", "-v", "ON_ERROR_STOP=1", "-c", schema, "postgres"]);
      const file = join(server.folder, "transfer.sql");
      writeFileSync(file, script);
      const load = ["-n", "-M", "prepared", "-c", `${connections}`, "-j", "1", "-f", file];
      let operations = 0;
      return {
        async slice(ms) {
          const { count, ...sample } = await slice(server, join(bin, "pgbench"), [...where, ...load], ms);
          operations += count;
          return sample;
        },
        work: {
          get pids() {
            return server.pids; // now: there is one for each client
          },
          operations: () => operations,
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}

/** pgbench knows whole seconds only; two, so that its connecting counts for little. */
async function slice(server: PostgresServer, program: string, args: readonly string[], ms: number) {
  const [pid] = server.pids as [number];
  const before = { server: cpuMicrosWithChildren(pid), loader: endedChildrenMicros() };
  const seconds = ms < 200 ? 1 : 2;
  const { stdout } = await run(...onCore("last", program, [...args, "-T", `${seconds}`, "postgres"]));
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1]);
  const count = number(/transactions actually processed: (\d+)/);
  return {
    count,
    perSecond: number(/tps = ([\d.]+)/),
    cpuUs: (cpuMicrosWithChildren(pid) - before.server) / count,
    meanUs: 1000 * number(/latency average = ([\d.]+) ms/),
    loaderShare: (endedChildrenMicros() - before.loader) / 1e6 / seconds,
  };
}
