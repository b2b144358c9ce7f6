// CPU and throughput of transfers at 64 connections, in one run, on one server with PostgreSQL's defaults (all durable),
// over TCP:
// a transaction a transfer and a function call a transfer, both by pgbench; ledgers of one, two and four bank servers, each
// with its share of 64 callers; and all transfers to one account. CPU is that of PostgreSQL, all of its processes, and of
// whoever talks to it: pgbench, or the bank servers' ledgers with their callers. Neither start is counted: processes,
// connections, prepared statements, code that is not compiled yet. Loads take turns of some seconds, so that what else the
// machine does meets all of them.
// Run: node --conditions=@tallyline/source packages/ledger-postgres/bench/transfers.ts [seconds] [rounds]
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { deposit } from "@tallyline/ledger";
import { migrateLedger, openPostgresLedger } from "@tallyline/ledger-postgres";
import { findPostgres, startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import pg from "pg";

const CONNECTIONS = 64;
const ACCOUNTS = 10_000;
/** Transfers after which a server's code is compiled. */
const WARM_AFTER = 30_000;
/** From when it is told to go on until a load is what it stays. */
const SETTLED_AFTER_MS = 500;
const MICROS_PER_TICK = 10_000;
const [seconds = 3, rounds = 7] = process.argv.slice(2).map(Number);

const BASELINE = `
CREATE TABLE account (id INT PRIMARY KEY, debits BIGINT NOT NULL, credits BIGINT NOT NULL, CHECK (credits >= debits));
CREATE TABLE transfer (id TEXT PRIMARY KEY, debit INT NOT NULL, credit INT NOT NULL, amount BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now());
INSERT INTO account SELECT id, 0, 1000000000 FROM generate_series(0, ${ACCOUNTS - 1}) id;
CREATE FUNCTION do_transfer(id TEXT, a INT, b INT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO transfer VALUES (id, a, b, 1) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    UPDATE account SET debits = debits + 1 WHERE account.id = least(a, b);
    UPDATE account SET credits = credits + 1 WHERE account.id = greatest(a, b);
  END IF;
END $$;`;
const PICK = `\\set a random(0, ${ACCOUNTS - 2})\n\\set b random(:a + 1, ${ACCOUNTS - 1})\n`;
const TRANSACTION = `${PICK}BEGIN;
INSERT INTO transfer VALUES (gen_random_uuid()::text, :a, :b, 1) ON CONFLICT DO NOTHING;
UPDATE account SET debits = debits + 1 WHERE id = :a;
UPDATE account SET credits = credits + 1 WHERE id = :b;
COMMIT;\n`;
const FUNCTION = `${PICK}SELECT do_transfer(gen_random_uuid()::text, :a, :b);\n`;

interface Measured {
  readonly perSecond: number;
  readonly databaseMicros: number;
  readonly callerMicros: number;
}

/** One way to make transfers. It can be measured again and again, and rests in between. */
interface Load {
  measure(): Promise<Measured>;
  stop(): Promise<void>;
}

const port = await freePort();
const settings = { max_connections: "200", listen_addresses: "127.0.0.1", port: `${port}` };
await using server = await startPostgres({ settings });
const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
const admin = new pg.Client(url);
admin.on("error", () => {}); // the error that ends this program is another
await admin.connect();
await admin.query(BASELINE);
await admin.query("VACUUM ANALYZE");
const files = { transaction: join(server.folder, "transaction.sql"), call: join(server.folder, "call.sql") };
writeFileSync(files.transaction, TRANSACTION);
writeFileSync(files.call, FUNCTION);

const loads: Readonly<Record<string, Load>> = {
  "BEGIN … COMMIT a transfer": pgbenchOf(files.transaction),
  "a function call a transfer": pgbenchOf(files.call),
  "ledger, 1 server": await ledgers(1, false),
  "ledger, 1 server, one hot account": await ledgers(1, true),
  "ledger, 2 servers": await ledgers(2, false),
  "ledger, 4 servers": await ledgers(4, false),
};
const results = new Map<string, Measured[]>(Object.keys(loads).map((name) => [name, []]));
for (let round = 1; round <= rounds; round += 1) {
  for (const [name, load] of Object.entries(loads)) {
    const measured = await load.measure();
    results.get(name)!.push(measured);
    console.log(`${round}/${rounds} ${name}: ${show(measured)}`);
  }
}
for (const load of Object.values(loads)) await load.stop();
await admin.end();

console.log(`\nmedians of ${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections`);
const cpu = ({ databaseMicros, callerMicros }: Measured) => databaseMicros + callerMicros;
for (const [name, all] of results) console.log(`${name}: ${show(median(all, cpu))}`);
const saved = (name: string, of: typeof cpu) => `1/${ratio(name, "ledger, 1 server", of).toFixed(1)}`;
for (const name of ["BEGIN … COMMIT a transfer", "a function call a transfer"]) {
  const ofDatabase = saved(name, ({ databaseMicros }) => databaseMicros);
  console.log(`CPU of a transfer: ${saved(name, cpu)} of ${name}; the database's alone ${ofDatabase}`);
}
const hot = ratio("ledger, 1 server, one hot account", "ledger, 1 server", ({ perSecond }) => perSecond);
console.log(`a hot account: ${hot.toFixed(2)} of the throughput of a uniform load`);

/** How many times as much one is as the other: the median of the rounds, because the machine differs between them. */
function ratio(name: string, other: string, of: (measured: Measured) => number): number {
  const others = results.get(other)!;
  return median(
    results.get(name)!.map((measured, round) => of(measured) / of(others[round]!)),
    (each) => each,
  );
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port: free } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return free;
}

function show({ perSecond, databaseMicros, callerMicros }: Measured): string {
  const total = databaseMicros + callerMicros;
  return `${perSecond.toFixed(0)}/s, CPU ${total.toFixed(0)} µs (database ${databaseMicros.toFixed(0)}, caller ${callerMicros.toFixed(0)})`;
}

function median<T>(all: readonly T[], by: (each: T) => number): T {
  return all.toSorted((a, b) => by(a) - by(b))[all.length >> 1]!;
}

function pgbenchOf(file: string): Load {
  return { measure: () => pgbench(file), stop: () => Promise.resolve() };
}

async function pgbench(file: string): Promise<Measured> {
  const where = ["-h", "127.0.0.1", "-p", `${port}`, "-U", "postgres"];
  const how = [
    "-n",
    "-M",
    "prepared",
    "-c",
    `${CONNECTIONS}`,
    "-j",
    "2",
    "-T",
    `${seconds + 2}`,
    "-P",
    "1",
    "-f",
    file,
  ];
  const child = spawn(join(findPostgres()!, "pgbench"), [...where, ...how, "postgres"]);
  const ended = once(child, "exit");
  const used = () => ({ database: databaseCpu(server), caller: timesOf(`${child.pid}`).own * MICROS_PER_TICK });
  // "progress: 2.0 s, 3687.1 tps, …", every second: the first one ends its start.
  let [count, since, until] = [0, 0, 0];
  let [before, after] = [used(), used()];
  for await (const line of createInterface({ input: child.stderr })) {
    const [, at, perSecond] = /^progress: ([\d.]+) s, ([\d.]+) tps/.exec(line) ?? [];
    if (at === undefined) continue;
    if (since === 0) [since, until, before] = [Number(at), Number(at), used()];
    else if (until < since + seconds) {
      count += (Number(at) - until) * Number(perSecond);
      [until, after] = [Number(at), used()];
    }
  }
  await ended;
  return {
    perSecond: count / (until - since),
    databaseMicros: (after.database - before.database) / count,
    callerMicros: (after.caller - before.caller) / count,
  };
}

/** Starts bank servers' ledgers with their callers, which wait once their code is compiled. */
async function ledgers(serverCount: number, isHot: boolean): Promise<Load> {
  const schema = `servers_${serverCount}${isHot ? "_hot" : ""}`; // of its own: nobody else writes there
  await migrateLedger({ server: url, schema });
  await openAccounts(schema);
  const numbers = [CONNECTIONS / serverCount, ACCOUNTS, isHot ? 1 : 0].map(String);
  const callers = Array.from({ length: serverCount }, (_, index) =>
    fork(join(import.meta.dirname, "caller.ts"), [url, schema, `${index}`, ...numbers], { execArgv: process.execArgv }),
  );
  const tellAll = (message: string) => callers.forEach((caller) => caller.send(message));
  await Promise.all(callers.map((caller) => once(caller, "message")));
  tellAll("go");
  while ((await askAll(callers)).done < WARM_AFTER) await sleep(200);
  tellAll("wait");
  return {
    measure: async () => {
      tellAll("go");
      await sleep(SETTLED_AFTER_MS);
      const before = { database: databaseCpu(server), reports: await askAll(callers), at: performance.now() };
      await sleep(seconds * 1000);
      const after = { reports: await askAll(callers), database: databaseCpu(server), at: performance.now() };
      tellAll("wait");
      const count = after.reports.done - before.reports.done;
      return {
        perSecond: (1000 * count) / (after.at - before.at),
        databaseMicros: (after.database - before.database) / count,
        callerMicros: (after.reports.micros - before.reports.micros) / count,
      };
    },
    stop: async () => {
      const exits = callers.map((caller) => once(caller, "exit"));
      tellAll("stop");
      await Promise.all(exits);
    },
  };
}

async function askAll(callers: readonly ChildProcess[]): Promise<{ readonly done: number; readonly micros: number }> {
  const reports = callers.map(async (caller) => {
    const answer = once(caller, "message");
    caller.send("report");
    const [{ done, cpu: used }] = (await answer) as [{ done: number; cpu: NodeJS.CpuUsage }];
    return { done, micros: used.user + used.system };
  });
  const all = await Promise.all(reports);
  return all.reduce((sum, each) => ({ done: sum.done + each.done, micros: sum.micros + each.micros }));
}

/** CPU that PostgreSQL has used: that of its processes, and of those that ended. */
function databaseCpu({ pids: [first] }: PostgresServer): number {
  let ticks = 0;
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const times = timesOf(`${pid}`);
    if (pid === first) ticks += times.own + times.children;
    else if (times.parent === first) ticks += times.own;
  }
  return ticks * MICROS_PER_TICK;
}

/** Of a process: proc(5), fields 4 and 14 to 17. */
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

async function openAccounts(schema: string): Promise<void> {
  const ledger = await openPostgresLedger({ servers: [url], schema, currencies: [{ code: "USD", exponent: 2 }] });
  const terms = { verb: "open", principal: "bank", currency: "USD", maxBalanceMinor: null } as const;
  await ledger.submit({ ...terms, id: "@cash", account: "@cash", kind: "asset", minBalanceMinor: null });
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => `c${index}`);
  await Promise.all(
    accounts.flatMap((account) => [
      ledger.submit({ ...terms, id: account, account, kind: "liability", minBalanceMinor: 0n }),
      ledger.submit(deposit({ principal: "bank", id: `d-${account}`, account, amountMinor: 1_000_000_000n })),
    ]),
  );
  await ledger.close();
  await admin.query("VACUUM ANALYZE");
}
