// What connections cost: idle ones, and one that asks for a gibibyte and never reads.
//     node --conditions=@tallyline/source bench/memory.ts [connections]
// Needs as many file descriptors as connections in each of two processes (ulimit -n).
import { connected, type MeasuredServer, startServer } from "./measure.ts";

const count = Number(process.argv[2] ?? 10_000);

for (const kind of ["lines: one write per chunk", "lines: ours"]) {
  const server = await startServer(kind);
  const before = (await server.figures()).rssBytes;
  const sockets = [];
  for (let i = 0; i < count; i += 200) {
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(200, count - i) }, () => connected(server.port)))),
    );
  }
  const after = (await server.figures()).rssBytes;
  console.log(`${kind}: ${Math.round((after - before) / count)} bytes for each of ${count} idle connections`);
  for (const socket of sockets) socket.destroy();
  server.stop();
}

const server: MeasuredServer = await startServer("lines: ours");
const before = (await server.figures()).rssBytes;
const socket = await connected(server.port);
socket.pause();
const asks = Buffer.from("x\n".repeat(32_768));
let most = 0;
for (let round = 0; round < 50; round += 1) {
  if (!socket.writableNeedDrain) socket.write(asks);
  most = Math.max(most, (await server.figures()).rssBytes);
}
console.log(`a peer that asks and never reads: ${((most - before) / 2 ** 20).toFixed(1)} MiB at most`);
socket.destroy();
server.stop();
