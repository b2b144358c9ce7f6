/** The server side of the benchmarks: a process of its own, so that its CPU time is its own. `node server-process.ts <kind> [microseconds]`. */
import { hash } from "node:crypto";
import { createSocket } from "node:dgram";
import { createUdpServer, type UdpServer } from "@tallyline/udp";

const [kind = "bare", workMicroseconds = "0"] = process.argv.slice(2);

/** A calculator small enough to be no part of the measurement: `a + b` or `a * b`. */
function calculate(request: Uint8Array): Uint8Array {
  let at = 0;
  const integer = (): number => {
    let value = 0;
    for (; request[at]! >= 0x30 && request[at]! <= 0x39; at += 1) value = value * 10 + request[at]! - 0x30;
    return value;
  };
  const a = integer();
  const isSum = request[at + 1] === 0x2b;
  at += 3;
  const b = integer();
  return Buffer.from(`Result: ${isSum ? a + b : a * b}`, "latin1");
}

/** Work of a fixed size: on a busy machine it takes longer, but no more CPU time. Native, so that it need not be compiled first. */
function work(bytes: Uint8Array): void {
  if (bytes.length > 0) hash("sha256", bytes, "buffer");
}

function bytesFor(microseconds: number): Uint8Array {
  const sample = Buffer.alloc(1_000_000);
  const before = process.cpuUsage();
  for (let i = 0; i < 50; i++) work(sample);
  const { user, system } = process.cpuUsage(before);
  return Buffer.alloc(Math.round((sample.length * 50 * microseconds) / (user + system)));
}

const toHash = bytesFor(Number(workMicroseconds));

async function listenBare(): Promise<number> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1024 * 1024 });
  socket.on("message", (datagram, { port, address }) => {
    work(toHash);
    socket.send(kind === "bare-calculator" ? calculate(datagram) : datagram, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket.address().port;
}

async function listenOurs(): Promise<number> {
  server = await createUdpServer({
    mode: kind === "echo" ? "plain" : "calls",
    handler: (request) => {
      work(toHash);
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
