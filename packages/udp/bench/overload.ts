/**
 * Open loop: requests come at a given rate, whatever the server does. Goodput is replies within 250 ms, per second.
 * `node --conditions=@tallyline/source bench/overload.ts [microseconds of work per request] [milliseconds per rate]`
 */
import { once } from "node:events";
import { openSockets, ServerProcess } from "./load.ts";

const [workMicroseconds = 200, durationMs = 3000] = process.argv.slice(2).map(Number);
const capacity = 1e6 / (workMicroseconds + 12);

/** Sends at a rate and counts replies that came within 250 ms. Each datagram carries the time at which it was sent. */
async function goodput(port: number, perSecond: number): Promise<{ offered: number; good: number; late: number }> {
  const [socket] = await openSockets(1, port);
  let [sent, good, late] = [0, 0, 0];
  socket!.on("message", (datagram: Buffer) => {
    if (performance.now() - datagram.readDoubleBE(0) <= 250) good++;
    else late++;
  });
  const start = performance.now();
  while (performance.now() - start < durationMs) {
    const due = ((performance.now() - start) * perSecond) / 1000;
    for (; sent < due; sent++) {
      const datagram = Buffer.alloc(32);
      datagram.writeDoubleBE(performance.now());
      socket!.send(datagram);
    }
    await new Promise(setImmediate);
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  socket!.close();
  await once(socket!, "close");
  return { offered: (sent / durationMs) * 1000, good: (good / durationMs) * 1000, late: (late / durationMs) * 1000 };
}

console.log(`${workMicroseconds} us of work per request, about ${Math.round(capacity)}/s possible`);
for (const kind of ["bare", "echo"]) {
  using server = await ServerProcess.start(kind, workMicroseconds);
  await goodput(server.port, capacity / 2);
  let best = 0;
  for (const load of [0.5, 0.8, 1, 1.5, 3, 3, 3]) {
    const before = await server.usage();
    const { offered, good, late } = await goodput(server.port, capacity * load);
    const { cpuMs, stats } = await server.usage();
    // Judged by CPU time: on a shared machine the server gets less of it in some runs than in others.
    const perCpuSecond = (good * durationMs) / (cpuMs - before.cpuMs);
    best = Math.max(best, perCpuSecond);
    console.log(
      `${kind.padEnd(5)} ${load}x offered ${Math.round(offered)}/s good ${Math.round(good)}/s late ${Math.round(late)}/s;`,
      `good ${Math.round(perCpuSecond)} per CPU second, ${(perCpuSecond / best).toFixed(2)} of best;`,
      stats === undefined ? "" : `shed ${stats.dropped.shed}, kernel dropped ${stats.kernelDrops} in all`,
    );
  }
}
