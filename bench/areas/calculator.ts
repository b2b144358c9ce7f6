import { Loader } from "../engine/load.ts";
import type { Contestant } from "../engine/contestant.ts";
import { loaded, type LoadedServer } from "../engine/loaded-server.ts";
import { versionOf } from "../engine/peer-packages.ts";
import { cpuMicros } from "../engine/process-usage.ts";
import { startApp, startScript, type ServerProcess } from "../engine/server-process.ts";
import type { Area, Bench } from "./area.ts";

const startCalculator = () => startApp("calculator", ["--port", "0", "--tcp-port", "0"]);
const startEcho = () => startApp("echo", ["--port", "0"]);

const PLAIN = "12 + 34";
const CALL = "?call/1 {number} idempotent\n12 + 34";
const bareEcho = (name: string, request: string, reply: RegExp): LoadedServer => ({
  name,
  configuration: "bench/servers/dgram-echo.js, sent the same",
  start: () => startScript("dgram-echo.js"),
  load: { transport: "udp", request, reply },
});

const callers: readonly LoadedServer[] = [
  {
    name: "calculator-server, calls",
    configuration: "--port 0; requests with a header, idempotent",
    start: startCalculator,
    load: { transport: "udp", request: CALL, reply: /^!call\/1 \d{16}\nResult: 46$/ },
  },
  {
    name: "calculator-server, plain",
    configuration: "--port 0; the datagram is the expression",
    start: startCalculator,
    load: { transport: "udp", request: PLAIN, reply: /^Result: 46$/ },
  },
  {
    name: "echo-server, UDP",
    configuration: "--port 0",
    start: startEcho,
    load: { transport: "udp", request: CALL, reply: /^\?call/ },
  },
  bareEcho("bare node:dgram echo, as calls", CALL, /^\?call/),
  bareEcho("bare node:dgram echo, as plain", PLAIN, /^12/),
  {
    name: "node-coap",
    configuration: `${versionOf("coap")}, confirmable POST, the same arithmetic behind it`,
    start: () => startScript("coap-calculator.ts"),
    load: {
      transport: "udp",
      // Version 1, confirmable, a token of 4 bytes; POST; message id; token; the payload's marker.
      request: `\x44\x02{binary}t0{binary}\xff${PLAIN}`,
      reply: /^\x64.*Result: 46$/s,
    },
  },
];

export const calculator: Area = {
  name: "calculator",
  title: "The calculator over UDP",
  about:
    "The program `calculator-server` answers `12 + 34`, beside ten lines on `node:dgram` that send back what they get, and beside a CoAP server with the same arithmetic. Then requests at a fixed rate whatever comes back, up to three times as many as it can answer: what counts are replies within 250 ms.",
  limits:
    "Node.js reads one datagram a system call and makes objects for each; sending one is 40 % of what a bare echo does. Ours sends the replies of a turn one behind the other (decision 0101), which saves more than the header, the limits and the shedding cost. Ten lines on `node:dgram` that evaluate the expression and answer at once come to 0.83 of the bare echo.",
  async *run(bench) {
    const all = callers.map((server) => loaded(server, { connections: 8, depth: 16 }));
    yield bench.race("8 sockets, 16 requests in flight on each", all, {
      slices: 32,
      sliceMs: 150,
      profiled: all,
      ratios: [
        { over: "bare node:dgram echo, as calls", by: "cpuUs", target: { atLeast: 0.97 } },
        {
          subject: "calculator-server, plain",
          over: "bare node:dgram echo, as plain",
          by: "cpuUs",
          target: { atLeast: 0.97 },
        },
        { subject: "echo-server, UDP", over: "bare node:dgram echo, as calls", by: "cpuUs" },
        { over: "node-coap", by: "perSecond", target: { atLeast: 3 } },
        { over: "node-coap", by: "cpuUs" },
      ],
    });
    yield overload(bench, "of sums, 10 µs each", "1{time} + 0");
    yield overload(bench, "of powers, 200 µs each", "1{time} + 0 * 7 ** 8000");
  },
};

/** Offered load, as a part of what the server can answer. */
const LOADS = [3, 0.8, 1, 1.2];

/** Each load takes its turn on one server, as if each were a contestant; and, beside them, three times what a bare server can answer. */
async function overload<T>(bench: Bench<T>, what: string, request: string): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const ours = startedOnce(() => overloadable(stack, bench, startCalculator, request));
  const bare = startedOnce(() => overloadable(stack, bench, () => startScript("dgram-calculator.ts"), request));
  const name = (part: number) => `${part} × capacity`;
  const others = LOADS.slice(1).map(name);
  return await bench.race(
    `Overload ${what}: goodput as a part of the best at any load`,
    [
      ...LOADS.map((part) => offered(name(part), "calculator-server --port 0, plain", ours, part)),
      offered("bare node:dgram, 3 × its capacity", "bench/servers/dgram-calculator.ts: the same arithmetic", bare, 3),
    ],
    {
      slices: 20,
      sliceMs: 400,
      warmUpMs: 0,
      ratios: [
        { over: others, by: "goodPerSecond", target: { atLeast: 0.9 } },
        { over: others, by: "goodPerCpuSecond", target: { atLeast: 0.9 } },
      ],
    },
  );
}

interface Overloadable {
  readonly server: ServerProcess;
  readonly loader: Loader;
  /** Requests that it can answer in a second of a whole core. */
  readonly capacity: number;
}

/** For contestants that share a server: the first one starts it. */
function startedOnce<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => (started ??= start());
}

async function overloadable(
  stack: AsyncDisposableStack,
  bench: Bench,
  start: () => Promise<ServerProcess>,
  request: string,
): Promise<Overloadable> {
  const server = stack.use(await start());
  // The time in the expression comes back in its value, so that the reply says when it was asked.
  const load = { transport: "udp", request, reply: /^Result: 1\d{15}$/ } as const;
  const loader = stack.use(await Loader.open(server.port, load, { connections: 8, depth: 16 }));
  let capacity = 0;
  for (let slice = 0; slice < (bench.isQuick ? 5 : 20); slice += 1) {
    const before = cpuMicros(server.pids);
    const { answered } = await loader.run(200);
    capacity = Math.max(capacity, (answered * 1e6) / (cpuMicros(server.pids) - before));
  }
  return { server, loader, capacity };
}

function offered(name: string, configuration: string, started: () => Promise<Overloadable>, part: number): Contestant {
  return {
    name,
    configuration,
    async start() {
      const { server, loader, capacity } = await started();
      return {
        async slice(ms) {
          const before = cpuMicros(server.pids);
          const { offered: sent, good, late, loaderSeconds, seconds } = await loader.offer(ms, capacity * part);
          const cpuSeconds = (cpuMicros(server.pids) - before) / 1e6;
          return {
            offeredPerSecond: sent,
            goodPerSecond: good,
            goodPerCpuSecond: (good * seconds) / cpuSeconds,
            latePerSecond: late,
            loaderShare: loaderSeconds / (seconds + 0.5),
          };
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
