// Transfers a second, durable, end to end: the bank through bank/1 with ids, beside Redis (`appendfsync always`) running an equal
// Lua transfer and PostgreSQL running an equal function. `node --conditions=@tallyline/source bench/durable.ts [seconds]`, in the
// app's folder, after a build. What is not installed is left out. The peers take turns, five rounds each, on folders of one
// disk; shown are the medians and their ratios.
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@tallyline/program/testing";
import { load, type Peer } from "./load.ts";

const seconds = Number(process.argv[2] ?? 2);
const folder = mkdtempSync(join(tmpdir(), "tallyline-durable-"));
const app = join(import.meta.dirname, "..");
const ACCOUNTS = 100;
const ROUNDS = 5;

/** A server that runs, with the CPU time of its process. */
interface Runner extends AsyncDisposable {
  readonly name: string;
  readonly peer: Peer;
  readonly pid: number;
}

let requestCount = 0;
/** Two accounts of the hundred, and an id that sorts by time, as a ULID does. */
function order(): { id: string; from: number; to: number } {
  requestCount += 1;
  const from = (requestCount * 7) % ACCOUNTS;
  return {
    id: `01JX${requestCount.toString(36).padStart(22, "0")}`,
    from,
    to: (from + 1 + (requestCount % 13)) % ACCOUNTS,
  };
}

async function startBank(): Promise<Runner> {
  const server = await startServer({
    app,
    program: "bank-server",
    args: ["--port", "0", "--log-level", "error"],
    folder,
  });
  const [port] = server.ports as [number];
  const socket = connect(port, "127.0.0.1");
  socket.write("hello bank/1\n");
  for (let i = 0; i < ACCOUNTS; i += 1) socket.write(`open a${i} currency=USD min=-1000000 id=o${i}\n`);
  let seen = "";
  for await (const part of socket.setEncoding("latin1") as AsyncIterable<string>) {
    seen += part;
    if ((seen.match(/^OK /gm) ?? []).length === ACCOUNTS + 1) break;
  }
  const count = (text: string) => {
    let replies = 0;
    let at = 0;
    for (let end = text.indexOf("\n", at); end >= 0; end = text.indexOf("\n", at)) {
      if (text.charCodeAt(at) === 0x4f) replies += 1; // O of OK; data begin with *
      else if (text.charCodeAt(at) !== 0x2a) throw new Error(text.slice(at, end));
      at = end + 1;
    }
    return { replies, rest: text.slice(at) };
  };
  const request = () => {
    const { id, from, to } = order();
    return `transfer a${from} a${to} 0.01 id=${id}\n`;
  };
  const peer: Peer = { port, greeting: { text: "hello bank/1\n", replies: 1 }, request, count };
  return {
    name: "bank",
    peer,
    pid: server.pid,
    [Symbol.asyncDispose]: async () => void (await server.stop("SIGTERM")),
  };
}

/** Id, limit, two balances and the log entry, in one script; as the bank does, in one round trip. */
const LUA = `
local first = redis.call('GET', 'id:' .. KEYS[1])
if first then return first end
local balance = tonumber(redis.call('HGET', 'balance', KEYS[2]) or '0')
if balance - tonumber(ARGV[1]) < -100000000 then redis.call('SET', 'id:' .. KEYS[1], 'NO') return 'NO' end
redis.call('HINCRBY', 'balance', KEYS[2], -tonumber(ARGV[1]))
redis.call('HINCRBY', 'balance', KEYS[3], tonumber(ARGV[1]))
local seq = redis.call('INCR', 'seq')
redis.call('SET', 'id:' .. KEYS[1], seq)
return tostring(seq)`;

async function startRedis(): Promise<Runner | undefined> {
  if (spawnSync("redis-server", ["--version"]).error !== undefined) return undefined;
  const port = 20_000 + (process.pid % 20_000);
  const options = [
    "--port",
    `${port}`,
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--save",
    "",
    "--dir",
    folder,
  ];
  const child = spawn("redis-server", options, { stdio: "ignore" });
  await listening(port);
  const sha = execFileSync("redis-cli", ["-p", `${port}`, "SCRIPT", "LOAD", LUA], { encoding: "utf8" }).trim();
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  const request = () => {
    const { id, from, to } = order();
    return `*7\r\n${["EVALSHA", sha, "3", id, `a${from}`, `a${to}`, "1"].map(bulk).join("")}`;
  };
  const count = (text: string) => {
    let replies = 0;
    let at = 0;
    for (;;) {
      const end = text.indexOf("\r\n", at);
      if (end < 0 || text[at] !== "$") break;
      const next = end + 4 + Number(text.slice(at + 1, end));
      if (next > text.length) break;
      replies += 1;
      at = next;
    }
    if (text[at] === "-") throw new Error(text.slice(at));
    return { replies, rest: text.slice(at) };
  };
  return { name: "redis", peer: { port, request, count }, pid: child.pid!, [Symbol.asyncDispose]: () => ended(child) };
}

const SQL = `
CREATE TABLE account (name text PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= -100000000));
INSERT INTO account SELECT 'a' || i, 0 FROM generate_series(0, ${ACCOUNTS - 1}) i;
CREATE TABLE transfer (id text PRIMARY KEY, seq bigserial, source text, target text, amount bigint);
CREATE FUNCTION move(the_id text, source text, target text, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE number bigint;
BEGIN
  SELECT seq INTO number FROM transfer WHERE id = the_id;
  IF FOUND THEN RETURN number; END IF;
  PERFORM 1 FROM account WHERE name IN (source, target) ORDER BY name FOR UPDATE;
  UPDATE account SET balance = balance - amount WHERE name = source;
  UPDATE account SET balance = balance + amount WHERE name = target;
  INSERT INTO transfer (id, source, target, amount) VALUES (the_id, source, target, amount) RETURNING seq INTO number;
  RETURN number;
END $$;`;

/** The wire of PostgreSQL, version 3: one simple query a request, ended by ReadyForQuery. */
async function startPostgres(): Promise<Runner | undefined> {
  const base = "/usr/lib/postgresql";
  const [version] = spawnSync("ls", [base], { encoding: "utf8" }).stdout?.trim().split("\n") ?? [];
  if (version === undefined || version === "") return undefined;
  const bin = join(base, version, "bin");
  const data = join(folder, "postgres");
  const port = 40_000 + (process.pid % 20_000);
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
  mkdirSync(data);
  if (user.length > 0) execFileSync("chown", ["-R", "postgres", folder]);
  const run = (name: string, args: readonly string[]) => {
    const [command = "", ...rest] = [...user, join(bin, name), ...args];
    return execFileSync(command, rest, { encoding: "utf8" });
  };
  run("initdb", ["-D", data, "-A", "trust", "-U", "bench", "--no-instructions"]);
  const [command, ...args] = [...user, join(bin, "postgres"), "-D", data, "-p", `${port}`, "-k", data];
  const child = spawn(command, args, { stdio: "ignore" });
  await listening(port);
  run("psql", ["-h", "127.0.0.1", "-p", `${port}`, "-U", "bench", "-d", "postgres", "-q", "-c", SQL]);
  const message = (type: string, body: string) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(body.length + 4);
    return type + bytes.toString("latin1") + body;
  };
  const startup = message("", `\0\u0003\0\0user\0bench\0database\0postgres\0\0`);
  const request = () => {
    const { id, from, to } = order();
    return message("Q", `SELECT move('${id}','a${from}','a${to}',1)\0`);
  };
  const count = (text: string) => {
    let replies = 0;
    let at = 0;
    while (text.length - at >= 5) {
      const length = Buffer.from(text.slice(at + 1, at + 5), "latin1").readInt32BE();
      if (text.length - at < length + 1) break;
      if (text[at] === "E") throw new Error(text.slice(at + 5, at + length));
      if (text[at] === "Z") replies += 1;
      at += length + 1;
    }
    return { replies, rest: text.slice(at) };
  };
  const peer: Peer = { port, greeting: { text: startup, replies: 1 }, request, count };
  return { name: "postgres", peer, pid: child.pid!, [Symbol.asyncDispose]: () => ended(child) };
}

async function listening(port: number): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nobody listens on ${port}`);
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill("SIGINT");
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
}

/** CPU time of a process and all that it has started, in microseconds. */
function cpuUs(pid: number): number {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /, "")
          .split(" ");
        return [{ pid: Number(name), parent: Number(fields[1]), ticks: ticksOf(fields) }];
      } catch {
        return []; // it has ended
      }
    });
  const all = new Set([pid]);
  for (let size = 0; size < all.size;) {
    size = all.size;
    for (const each of processes) if (all.has(each.parent)) all.add(each.pid);
  }
  return processes.reduce((sum, each) => sum + (all.has(each.pid) ? each.ticks * 10_000 : 0), 0);
}

/** Its own in user and system mode, and those of its children that have ended. */
function ticksOf(fields: readonly string[]): number {
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

const median = (values: readonly number[]) =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;

const runners: Runner[] = [];
try {
  for (const start of [startBank, startRedis, startPostgres]) {
    const runner = await start();
    if (runner === undefined)
      process.stderr.write(`${start.name.replace("start", "").toLowerCase()} is not installed\n`);
    else runners.push(runner);
  }
  for (const pipelined of [1, 16]) {
    const rates = new Map<string, number[]>();
    const costs = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { name, peer, pid } of runners) {
        if (name === "postgres" && pipelined > 1) continue; // it answers one query of a connection after the other
        const before = cpuUs(pid);
        const answered = await load(peer, 50, pipelined, seconds * 1000);
        rates.set(name, [...(rates.get(name) ?? []), answered / seconds]);
        costs.set(name, [...(costs.get(name) ?? []), (cpuUs(pid) - before) / answered]);
      }
    }
    const bank = median(rates.get("bank")!);
    for (const [name, all] of rates) {
      const rate = median(all);
      const line = {
        connections: 50,
        pipelined,
        name,
        perSecond: Math.round(rate),
        cpuUs: median(costs.get(name)!).toFixed(1),
      };
      process.stdout.write(`${JSON.stringify({ ...line, bankIs: `${(bank / rate).toFixed(2)}x` })}\n`);
    }
  }
} finally {
  for (const runner of runners) await runner[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}
