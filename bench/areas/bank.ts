import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type Load, type Traffic } from "../engine/load.ts";
import { loaded, type LoadedServer } from "../engine/loaded-server.ts";
import { pgbench } from "../engine/pgbench.ts";
import { command, loadScript, redisMissing, startRedis } from "../engine/redis.ts";
import { appCommand, startProcess } from "../engine/server-process.ts";
import type { Area, Bench } from "./area.ts";

/** Accounts, as many as the load generator's two digits name. */
const ACCOUNTS = 100;
/** PostgreSQL, of many processes, needs all cores; so that nobody has less, all have them. */
const EVERYWHERE = { onAllCores: true };
const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];

/** Id, limit, two balances and the entry's number, in one script: what the bank does with a transfer. */
const REDIS_TRANSFER = `
local first = redis.call('GET', 'id:' .. KEYS[1])
if first then return tonumber(first) end
local balance = tonumber(redis.call('HGET', 'balance', KEYS[2]) or '0')
if balance - tonumber(ARGV[1]) < -100000000 then redis.call('SET', 'id:' .. KEYS[1], -1) return -1 end
redis.call('HINCRBY', 'balance', KEYS[2], -tonumber(ARGV[1]))
redis.call('HINCRBY', 'balance', KEYS[3], tonumber(ARGV[1]))
local seq = redis.call('INCR', 'seq')
redis.call('SET', 'id:' .. KEYS[1], seq)
return seq`;

const POSTGRES_SCHEMA = `
CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= -100000000));
INSERT INTO account SELECT i, 0 FROM generate_series(0, ${ACCOUNTS - 1}) i;
CREATE TABLE transfer (id text PRIMARY KEY, seq bigserial, source int, target int, amount bigint);
CREATE FUNCTION transfer(the_id text, source int, target int, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE number bigint;
BEGIN
  SELECT seq INTO number FROM transfer WHERE id = the_id;
  IF FOUND THEN RETURN number; END IF;
  PERFORM 1 FROM account WHERE id IN (source, target) ORDER BY id FOR UPDATE;
  UPDATE account SET balance = balance - amount WHERE id = source;
  UPDATE account SET balance = balance + amount WHERE id = target;
  INSERT INTO transfer (id, source, target, amount) VALUES (the_id, source, target, amount) RETURNING seq INTO number;
  RETURN number;
END $$;`;
const POSTGRES_TRANSFER = `\\set source random(0, ${ACCOUNTS - 1})
\\set target (:source + random(1, ${ACCOUNTS - 1})) % ${ACCOUNTS}
SELECT transfer(gen_random_uuid()::text, :source, :target, 1);\n`;

const bankServer = (bench: Bench): LoadedServer => ({
  name: "bank-server",
  configuration: "--port 0, books in SQLite; bank/1 with ids, each reply after its commit is on disk",
  settleMs: bench.isQuick ? 0 : 1200, // within a second of rest, it writes the rows that it has put off
  async start() {
    const folder = mkdtempSync(join(bench.folder, "bank-"));
    const server = await startProcess({ ...appCommand("bank", ["--port", "0"], folder), ...EVERYWHERE });
    await openAccounts(server.port);
    return server;
  },
  load: {
    greeting: { send: "hello bank/1\n", until: "\n" },
    request: "transfer a{source} a{target} 0.01 id=01JX{number}000000\n",
    reply: /^(?:\* balance .*\n)*OK DONE .*\n$/,
    lines: { first: "O", skip: "*" },
  },
});

const redis = (bench: Bench, name: string, load: (port: number) => Load): LoadedServer => ({
  name,
  configuration: "Debian's redis-server, appendonly yes, appendfsync always",
  missing: redisMissing,
  async start() {
    return startRedis(mkdtempSync(join(bench.folder, "redis-")), DURABLE, EVERYWHERE);
  },
  load: async ({ port }) => load(port),
});

const redisLua = (bench: Bench): LoadedServer =>
  redis(bench, "Redis, Lua transfer", (port) => ({
    request: command(
      "EVALSHA",
      loadScript(port, REDIS_TRANSFER),
      "3",
      "01JX{number}000000",
      "a{source}",
      "a{target}",
      "1",
    ),
    reply: /^:\d+\r\n$/,
    lines: { first: ":" },
  }));
const redisIncrby = (bench: Bench): LoadedServer =>
  redis(bench, "Redis, INCRBY", () => ({
    request: command("INCRBY", "a{source}", "1"),
    reply: /^:\d+\r\n$/,
    lines: { first: ":" },
  }));

export const bank: Area = {
  name: "bank",
  title: "The bank, durable",
  about:
    "The program `bank-server` moving money between a hundred accounts, every transfer with an id and a journal entry, every reply after its commit is on the disk; beside Redis with `appendfsync always`, as a Lua script of equal semantics and as a bare INCRBY, and beside PostgreSQL with the transfer as one function.",
  limits:
    "All clients of a turn share one commit, so with 50 connections that wait, a commit's fixed cost is shared by at most 50 transfers. With 16 in flight on each, what counts is the cost of a transfer itself: parsing, the rules, its share of the journal's segment, and of the rows that are made from it.",
  async *run(bench) {
    const oneConnection = { connections: 1, depth: 1 };
    const alone = [...own(bench, oneConnection), pgbench("PostgreSQL, function", postgres(1))];
    yield bench.race("1 connection, one at a time", alone, {
      slices: 20,
      sliceMs: 300,
      profiled: alone,
      ratios: [
        { over: "Redis, Lua transfer", by: "p50Us", target: { atMost: 1.1 } },
        { over: "Redis, INCRBY", by: "p50Us", target: { atMost: 1.1 } },
        { over: "PostgreSQL, function", by: "perSecond" },
      ],
    });
    const [bankOnce, luaOnce, incrbyOnce] = own(bench, { connections: 50, depth: 1 });
    const [bankMany, luaMany, incrbyMany] = own(bench, { connections: 50, depth: 16 }).map((each) => ({
      ...each,
      name: `${each.name}, 16 in flight`,
    }));
    const all = [bankOnce!, luaOnce!, incrbyOnce!, bankMany!, luaMany!, incrbyMany!];
    yield bench.race(
      "50 connections, one at a time, and 16 in flight",
      [...all, pgbench("PostgreSQL, function", postgres(50))],
      {
        slices: 20,
        // Not PostgreSQL: connecting 50 clients, as each run of pgbench does, takes more system calls than their transfers.
        profiled: [bankOnce!, bankMany!, luaOnce!, luaMany!],
        sliceMs: 500,
        ratios: [
          { over: "Redis, Lua transfer", by: "perSecond", target: { atLeast: 1.3 } },
          { over: "Redis, Lua transfer", by: "cpuUs" },
          { over: "Redis, INCRBY", by: "perSecond" },
          {
            subject: "bank-server, 16 in flight",
            over: "Redis, Lua transfer, 16 in flight",
            by: "perSecond",
            target: { atLeast: 3 },
          },
          { subject: "bank-server, 16 in flight", over: "Redis, Lua transfer, 16 in flight", by: "cpuUs" },
          { subject: "bank-server, 16 in flight", over: "Redis, INCRBY, 16 in flight", by: "perSecond" },
          { over: "PostgreSQL, function", by: "perSecond", target: { atLeast: 5 } },
          { over: "PostgreSQL, function", by: "cpuUs" },
          {
            subject: "bank-server, 16 in flight",
            over: "PostgreSQL, function",
            by: "perSecond",
            target: { atLeast: 30 },
          },
        ],
      },
    );
  },
};

function own(bench: Bench, traffic: Traffic) {
  return [bankServer(bench), redisLua(bench), redisIncrby(bench)].map((server) => loaded(server, traffic));
}

function postgres(connections: number) {
  return { schema: POSTGRES_SCHEMA, script: POSTGRES_TRANSFER, connections };
}

/** Accounts that may be overdrawn far enough for any run. */
async function openAccounts(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  socket.write("hello bank/1\n");
  for (let i = 0; i < ACCOUNTS; i += 1) {
    socket.write(`open a${String(i).padStart(2, "0")} currency=USD min=-1000000000 id=o${i}\n`);
  }
  let said = "";
  for await (const part of socket as AsyncIterable<string>) {
    said += part;
    if ((said.match(/^OK /gm) ?? []).length === ACCOUNTS + 1) break;
    if (/^(?:NO|BAD|TRY|UNK) /m.test(said)) throw new Error(`the bank said ${said.slice(0, 500)}`);
  }
  socket.destroy();
}
