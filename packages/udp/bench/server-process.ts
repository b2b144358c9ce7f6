/** The server side of the benchmarks: a process of its own, so that its CPU time is its own. `node server-process.ts <kind> [microseconds]`. */
import { createSocket } from "node:dgram";
import { createUdpServer, type UdpServer } from "@tallyline/udp";

const [kind = "bare", workMicroseconds = "0"] = process.argv.slice(2);
const workMs = Number(workMicroseconds) / 1000;

/** A calculator small enough to be no part of the measurement: `a OP b`. */
function calculate(request: Uint8Array): Uint8Array {
  const [a = "", operator, b = ""] = Buffer.from(request.buffer, request.byteOffset, request.length)
    .toString("latin1")
    .split(" ");
  const value = operator === "+" ? Number(a) + Number(b) : Number(a) * Number(b);
  return Buffer.from(`Result: ${value}`, "latin1");
}

function work(): void {
  const until = performance.now() + workMs;
  while (performance.now() < until) continue;
}

async function listenBare(): Promise<number> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1024 * 1024 });
  socket.on("message", (datagram, { port, address }) => {
    if (workMs > 0) work();
    socket.send(kind === "bare-calculator" ? calculate(datagram) : datagram, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket.address().port;
}

async function listenOurs(): Promise<number> {
  server = await createUdpServer({
    mode: kind === "echo" ? "plain" : "calls",
    handler: (request) => {
      if (workMs > 0) work();
      return kind === "echo" ? request : calculate(request);
    },
  });
  return server.port;
}

let server: UdpServer | undefined;
const port = kind.startsWith("bare") ? await listenBare() : await listenOurs();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, stats: server?.stats() });
});
process.on("disconnect", () => process.exit());
process.send?.({ port });
