// Server CPU per operation, ours against hand-written code, in interleaved slices of one run:
//     node --conditions=@tallyline/source bench/speed.ts [slices] [ms] [part of a title]
// Ratios only are worth something: what the machine does besides, it does to both. On a busy machine the same server measured
// twice differs by 5 % in 40 slices of 200 ms; many short slices are better than few long ones.
import { type Load, Loader, median, startServer } from "./measure.ts";

const slices = Number(process.argv[2] ?? 100);
const sliceMs = Number(process.argv[3] ?? 60);
const only = process.argv[4] ?? "";

const line = "deposit alice 1000 eur\n";
const bytes = `${"x".repeat(63)}\n`;
const ok = `OK ${line.length - 1}\n`.length;
const ECHO = ["echo: bare net", "echo: ours"];
const LINES = ["lines: one write per chunk", "lines: ours", "lines: ours, async handler", "lines: one write per reply"];

const races: readonly (readonly [string, readonly string[], Load])[] = [
  [
    "echo of 64 bytes, 50 connections, 1 in flight",
    ECHO,
    { connections: 50, depth: 1, request: bytes, replyBytes: 64 },
  ],
  [
    "echo of 64 bytes, 50 connections, 16 in flight",
    ECHO,
    { connections: 50, depth: 16, request: bytes, replyBytes: 64 },
  ],
  ["lines, 50 connections, 1 in flight", LINES, { connections: 50, depth: 1, request: line, replyBytes: ok }],
  ["lines, 50 connections, 16 in flight", LINES, { connections: 50, depth: 16, request: line, replyBytes: ok }],
  ["lines, 8 connections, 256 in flight", LINES, { connections: 8, depth: 256, request: line, replyBytes: ok }],
];

for (const [name, kinds, what] of races.filter(([title]) => title.includes(only))) {
  const servers = await Promise.all(kinds.map(startServer));
  const results = servers.map(() => ({ micros: [] as number[], perSecond: [] as number[] }));
  const loaders = await Promise.all(servers.map(({ port }) => Loader.open(port, what)));
  for (const loader of loaders) await loader.run(1_000);
  for (let slice = 0; slice < slices; slice += 1) {
    // Who runs behind whom, and who begins, changes: it is worth some percent.
    for (const i of orderOf(slice, servers.length)) {
      const server = servers[i]!;
      const before = await server.figures();
      const count = await loaders[i]!.run(sliceMs);
      const after = await server.figures();
      results[i]!.micros.push((after.cpuMicros - before.cpuMicros) / count);
      results[i]!.perSecond.push((count * 1_000) / sliceMs);
    }
  }
  console.log(`\n${name} (${slices} slices of ${sliceMs} ms)`);
  const base = median(results[0]!.micros);
  for (const [i, server] of servers.entries()) {
    const { micros, perSecond } = results[i]!;
    const ratios = micros.map((each, slice) => results[0]!.micros[slice]! / each);
    console.log(
      `  ${server.kind.padEnd(28)} CPU ${median(micros).toFixed(2).padStart(6)} us/op (least ${Math.min(...micros).toFixed(2)})` +
        `  ${(base / median(micros)).toFixed(2)} x the first (slice by slice ${median(ratios).toFixed(2)})` +
        `  best ${Math.round(Math.max(...perSecond) / 1_000)}k/s`,
    );
    loaders[i]!.close();
    server.stop();
  }
}

/** Forwards from the slice's own first, and every other time backwards. */
function orderOf(slice: number, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => (i + (slice >> 1)) % count);
  return slice % 2 === 0 ? order : order.toReversed();
}
