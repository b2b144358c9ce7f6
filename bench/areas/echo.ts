import { loaded, type LoadedServer } from "../engine/loaded-server.ts";
import { startApp, startScript } from "../engine/server-process.ts";
import type { Area } from "./area.ts";

/** Bytes of a message, connections, and messages in flight on each. */
const LOADS = [
  [64, 1, 1],
  [64, 50, 1],
  [64, 1000, 1],
  [16_384, 1, 1],
  [16_384, 50, 1],
  [16_384, 1000, 1],
  [64, 50, 16],
] as const;
/** Connections under which profiles are made: many enough to keep the server busy. */
const PROFILED = 50;

const contestants = (bytes: number): LoadedServer[] => {
  const load = { request: "x".repeat(bytes), reply: new RegExp(`^x{${bytes}}$`) };
  const bare = { start: () => startScript("net-echo.js"), configuration: "bench/servers/net-echo.js", load };
  return [
    { name: "echo-server", start: () => startApp("echo", ["--port", "0"]), configuration: "--port 0", load },
    { name: "bare node:net", ...bare },
    { name: "bare node:net, again", ...bare, configuration: "the same, to show what chance does" },
  ];
};

export const echo: Area = {
  name: "echo",
  title: "Echo over TCP",
  about:
    "The program `echo-server` beside a server of ten lines on `node:net` that echoes each read and pauses while writing lags. That server runs twice: how far its two copies are apart is how far chance moves a ratio.",
  limits:
    "In a CPU profile the write of a reply is half of the bare server's time and the read a tenth: two system calls, of which that on loopback carries the bytes to their receiver as well. What `node:net` does around them is nearly all the rest; ours is some 2 %. More than that is won where a turn of the event loop brings several requests, because their replies are written one behind the other (decision 0101), and with large reads, because their memory is given back at once instead of setting off the garbage collector (decision 0100). On one connection there is neither.",
  async *run(bench) {
    for (const [bytes, connections, depth] of LOADS) {
      const title = `${bytes} B, ${connections} ${connections === 1 ? "connection" : "connections"}, ${depth} in flight on each`;
      const [ours, bare, again] = contestants(bytes).map((server) => loaded(server, { connections, depth }));
      yield bench.race(title, [ours!, bare!, again!], {
        slices: 32,
        sliceMs: 200,
        profiled: connections === PROFILED ? [ours!, bare!] : [],
        ratios: [
          { over: "bare node:net", by: "cpuUs", target: { atLeast: 0.98 } },
          { over: "bare node:net", by: "perSecond" },
          { subject: "bare node:net, again", over: "bare node:net", by: "cpuUs" },
        ],
      });
    }
  },
};
