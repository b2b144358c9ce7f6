import { loaded, type LoadedServer } from "../engine/loaded-server.ts";
import { versionOf } from "../engine/peer-packages.ts";
import { redisMissing, startRedis } from "../engine/redis.ts";
import { debianProgram, startProcess, startScript, type ServerProcess } from "../engine/server-process.ts";
import { called } from "../engine/called-server.ts";
import type { Contestant } from "../engine/contestant.ts";
import type { Area } from "./area.ts";

const startOurs = () => startScript("framed-calls.ts");
const startJayson = () => startScript("jayson-calls.ts");
const natsMissing = debianProgram("nats-server", "nats-server");

const servers = (folder: string): LoadedServer[] => [
  {
    name: "tcp and framing",
    configuration: "createTcpServer with lines() (bench/servers/framed-calls.ts)",
    start: startOurs,
    load: { request: "PING\r\n", reply: /^PONG\r?\n$/ },
  },
  {
    name: "Redis",
    configuration: "Debian's redis-server, no persistence; PING inline",
    missing: redisMissing,
    start: () => startRedis(folder, ["--appendonly", "no"]),
    load: { request: "PING\r\n", reply: /^\+PONG\r\n$/ },
  },
  {
    name: "jayson",
    configuration: `${versionOf("jayson")}, JSON-RPC 2.0 over TCP`,
    start: startJayson,
    load: {
      request: '{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}\n',
      reply: /^\{"jsonrpc":"2\.0","id":7,"result":"PONG"\}\n$/,
    },
  },
  {
    name: "NATS request/reply",
    configuration: `Debian's nats-server, and a responder on ${versionOf("@nats-io/transport-node")}; CPU is that of both`,
    missing: natsMissing,
    start: startNats,
    load: {
      greeting: { send: 'CONNECT {"verbose":false}\r\nSUB reply.{connection} 1\r\nPING\r\n', until: "PONG\r\n" },
      request: "PUB ping reply.{connection} 4\r\nPING\r\n",
      reply: /^MSG reply\.\d{4} 1 4\r\nPONG\r\n$/,
    },
  },
];

/** Takes no part in the race: what Node.js itself takes for a line and its reply. */
const bareEcho: LoadedServer = {
  name: "bare node:net echo",
  configuration: "bench/servers/net-echo.js, sent the same",
  start: () => startScript("net-echo.js"),
  load: { request: "PING\r\n", reply: /^PING\r\n$/ },
};

async function startNats(): Promise<ServerProcess> {
  const broker = await startProcess({
    command: "nats-server",
    args: ["-a", "127.0.0.1", "-p", "-1"],
    onAllCores: true,
    listening: /Listening for client connections on 127\.0\.0\.1:(\d+)/,
  });
  const responder = await startScript("nats-responder.ts", `${broker.port}`);
  return {
    port: broker.port,
    pids: [...broker.pids, ...responder.pids],
    async [Symbol.asyncDispose]() {
      await responder[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** By the library's own client, in a process of its own: 50 calls at a time; how many in a slice. */
const clients = (isQuick: boolean): Contestant[] => {
  const count = (calls: number) => (isQuick ? calls / 10 : calls);
  return [
    called(
      { name: "tcp and framing", kind: "tcp", start: startOurs, count: count(40_000) },
      "createTcpClient, one connection",
    ),
    called(
      { name: "jayson", kind: "jayson", start: startJayson, count: count(500) },
      "Client.tcp, which connects for each call",
    ),
    called(
      { name: "NATS request/reply", kind: "nats", missing: natsMissing, start: startNats, count: count(10_000) },
      "request of its client, one connection",
    ),
  ];
};

/** Requests in flight on each of 50 connections, and what Redis is to be reached to. */
const LOADS = [
  [1, { by: "perSecond", target: { atLeast: 0.8 } }],
  [16, { by: "cpuUs", target: { atLeast: 1 } }],
] as const;

export const calls: Area = {
  name: "calls",
  title: "Framed calls",
  about:
    "A line is sent, a line comes back: the packages `tcp` and `framing` as a server of five lines, beside Redis answering PING, JSON-RPC by jayson, and NATS, where a broker stands between the two that call. The same load generator speaks to all of them on raw sockets, so that the clients of none are measured; then each is called by its own client.",
  limits:
    "One at a time, half of the server's time in a CPU profile is the write of a reply, and a seventh the read and the wait for it; a quarter is what `node:net` does for each read and write, its own code and the memory for them; cutting lines, the handler and the order of replies, all that is ours, are some 5 %. A server that does nothing but answer each read with `PONG`, by `node:net` alone, comes to 0.5 of Redis' CPU if it writes at once and 0.65 if it writes at the end of each turn, as ours does: the rest would take another socket than Node's. jayson has the same system calls and the same `node:net` to pay for; three times its throughput would leave ours less than the system calls take. With 16 in flight, the one write of 16 replies is about 70 %, and what is ours 10 %.",
  async *run(bench) {
    for (const [depth, redis] of LOADS) {
      const traffic = { connections: 50, depth };
      const [ours, ...peers] = servers(bench.folder).map((server) => loaded(server, traffic));
      yield bench.race(`50 connections, ${depth} in flight on each`, [ours!, ...peers], {
        slices: 24,
        sliceMs: 250,
        profiled: [ours!, loaded(bareEcho, traffic), ...(depth === 1 ? peers : peers.slice(0, 1))],
        ratios: [
          { over: "Redis", ...redis },
          { over: "Redis", by: redis.by === "cpuUs" ? "perSecond" : "cpuUs" },
          ...["jayson", "NATS request/reply"].flatMap((over) => [
            { over, by: "perSecond", target: { atLeast: 3 } },
            { over, by: "cpuUs" },
          ]),
        ],
      });
    }
    yield bench.race("By their own clients, 50 calls at a time; CPU of client and server", clients(bench.isQuick), {
      slices: 20,
      sliceMs: 0,
      warmUpMs: 1,
      ratios: ["jayson", "NATS request/reply"].flatMap((over) => [
        { over, by: "perSecond", target: { atLeast: 3 } },
        { over, by: "cpuUs" },
      ]),
    });
  },
};
