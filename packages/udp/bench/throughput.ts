/**
 * CPU time of a server per request, against a bare dgram echo, in interleaved slices.
 * `node --conditions=@tallyline/source bench/throughput.ts [slices] [milliseconds] [requests out]`
 */
import { calls, closedLoop, plain, type RequestSource, ServerProcess } from "./load.ts";

const [slices = 60, sliceMs = 100, window = 256] = process.argv.slice(2).map(Number);

const contestants: Record<string, { kind: string; source: RequestSource }> = {
  "bare dgram echo": { kind: "bare", source: plain("?call/1 0123456789abcdef idempotent\n12 + 34") },
  "echo (plain mode)": { kind: "echo", source: plain("?call/1 0123456789abcdef idempotent\n12 + 34") },
  "bare + calculator": { kind: "bare-calculator", source: plain("12 + 34") },
  "calculator, plain": { kind: "calculator", source: plain("12 + 34") },
  "calculator, calls": { kind: "calculator", source: calls() },
};

const rows: Record<string, { perSecond: number[]; cpuMicroseconds: number[]; lost: number }> = {};
const servers = new Map<string, ServerProcess>();
for (const [name, { kind }] of Object.entries(contestants)) {
  servers.set(name, await ServerProcess.start(kind));
  rows[name] = { perSecond: [], cpuMicroseconds: [], lost: 0 };
}
for (let slice = -1; slice < slices; slice++) {
  const order = Object.entries(contestants);
  // Who runs behind whom, and who begins, changes: it is worth some percent.
  order.push(...order.splice(0, (slice >> 1) % order.length));
  for (const [name, { source }] of slice % 2 === 0 ? order : order.toReversed()) {
    const server = servers.get(name)!;
    const before = await server.usage();
    const { answered, lost } = await closedLoop(server.port, source, window, sliceMs);
    const after = await server.usage();
    // The first round warms up.
    if (slice < 0) continue;
    rows[name]!.perSecond.push((answered / sliceMs) * 1000);
    rows[name]!.cpuMicroseconds.push(((after.cpuMs - before.cpuMs) * 1000) / answered);
    rows[name]!.lost += lost;
  }
}
for (const server of servers.values()) server[Symbol.dispose]();

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const bare = rows["bare dgram echo"]!;
console.log(`${slices} slices of ${sliceMs} ms, ${window} requests out, ratio > 1 is better than bare`);
for (const [name, row] of Object.entries(rows)) {
  // Slice by slice, because neighbours in time had the same machine.
  const ratio = (own: number[], other: number[]): number => median(own.map((value, index) => other[index]! / value));
  console.log(
    name.padEnd(20),
    `best ${Math.round(Math.max(...row.perSecond))}/s`.padEnd(14),
    `CPU ${median(row.cpuMicroseconds).toFixed(2)} us/op (best ${Math.min(...row.cpuMicroseconds).toFixed(2)})`.padEnd(
      34,
    ),
    `ratio by CPU ${ratio(row.cpuMicroseconds, bare.cpuMicroseconds).toFixed(3)}, best by best ${(Math.min(...bare.cpuMicroseconds) / Math.min(...row.cpuMicroseconds)).toFixed(3)}`,
    `lost ${row.lost}`,
  );
}
