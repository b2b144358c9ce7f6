import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Contestant } from "../engine/contestant.ts";
import { Loader } from "../engine/load.ts";
import { cpuMicros, residentMiB } from "../engine/process-usage.ts";
import { appCommand, type Command, scriptCommand, startProcess } from "../engine/server-process.ts";
import type { Area, Bench } from "./area.ts";

/** After which a server that has started does nothing more by itself. */
const REST_MS = 300;
const IDLE_CONNECTIONS = 9000;

export const start: Area = {
  name: "start",
  title: "Start, rest and idle connections",
  about:
    "From spawning a process to its line that it listens, and its memory a third of a second later, beside a script of two lines on `node:net`. Then the memory that a server of `tcp` and `framing` takes for each connection that says nothing, beside the echo server on `node:net`: of so many that come after a third as many.",
  limits:
    "Much of it is the start of Node.js, as in the script beside. What a program adds is, for echo-server, 3 ms of compiling its file, 2 ms of describing and reading its flags, and modules of Node.js that the script does not ask for. A calculator adds 4 ms of compiling its language. The bank adds 7 ms of compiling, 5 ms of `node:crypto`, which its journal needs, and 15 ms of `node:sqlite`: opening a file, checking its end, and preparing statements.",
  async *run(bench) {
    const programs = [
      starting(bench, "echo-server", appCommand("echo", ["--port", "0"])),
      starting(bench, "calculator-server", appCommand("calculator", ["--port", "0", "--tcp-port", "0"])),
      starting(bench, "bank-server", appCommand("bank", ["--port", "0"], mkdtempSync(join(bench.folder, "bank-")))),
    ];
    const all = [...programs, starting(bench, "bare script", scriptCommand("net-listen.js"))];
    yield bench.race("Start", all, {
      slices: 20,
      profiled: all,
      sliceMs: 0,
      warmUpMs: 1, // the first start reads files that later ones find in memory
      ratios: programs.flatMap(({ name: subject }) => [
        { subject, over: "bare script", by: "readyMs", target: { atMost: 1.3 } },
        { subject, over: "bare script", by: "readyCpuMs" },
        { subject, over: "bare script", by: "rssMiB", target: { atMost: 1.3 } },
      ]),
    });
    const connections = bench.isQuick ? 500 : IDLE_CONNECTIONS;
    yield bench.race(
      `${connections.toLocaleString("en")} idle connections`,
      [
        idle(
          "tcp and framing",
          "createTcpServer with lines() (bench/servers/framed-calls.ts)",
          "framed-calls.ts",
          connections,
        ),
        idle("bare node:net", "bench/servers/net-echo.js", "net-echo.js", connections),
      ],
      {
        slices: 5,
        sliceMs: 0,
        warmUpMs: 0,
        ratios: [
          { by: "bytesEach", target: { atMost: 4096 } },
          { over: "bare node:net", by: "bytesEach" },
        ],
      },
    );
  },
};

/** A slice is one start. */
function starting(bench: Bench, name: string, command: Command): Contestant {
  return contestant(name, command.args.slice(1).join(" "), async () => {
    const startMs = performance.now();
    await using server = await startProcess({ ...command, onAllCores: true });
    const readyMs = performance.now() - startMs;
    const readyCpuMs = cpuMicros(server.pids) / 1000;
    await bench.listening(server.pids);
    await sleep(REST_MS);
    return { readyMs, readyCpuMs, rssMiB: residentMiB(server.pids) };
  });
}

/** A slice is one server, and so many connections to it. */
function idle(name: string, configuration: string, script: string, connections: number): Contestant {
  return contestant(name, configuration, async () => {
    await using server = await startProcess(scriptCommand(script));
    const load = { request: "PING\n", reply: /^P[IO]NG\n$/ };
    // What the first ones make is not made again: code, room to read into, and V8's room for what is young.
    await using first = await Loader.open(server.port, load, { connections: Math.ceil(connections / 3), depth: 1 });
    await first.run(100);
    await sleep(REST_MS);
    const before = residentMiB(server.pids);
    await using _others = await Loader.open(server.port, load, { connections, depth: 1 });
    return { bytesEach: ((residentMiB(server.pids) - before) * 2 ** 20) / connections };
  });
}

function contestant(name: string, configuration: string, slice: () => Promise<Record<string, number>>): Contestant {
  return { name, configuration, start: async () => ({ slice, [Symbol.asyncDispose]: async () => {} }) };
}
