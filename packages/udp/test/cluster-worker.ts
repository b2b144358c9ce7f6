/** Started by udp-cluster.test.ts as a worker of `node:cluster`: tries to serve on the port that it is given. */
import { createUdpServer } from "@tallyline/udp";

const port = Number(process.env["UDP_PORT"]);
try {
  const server = await createUdpServer({ port, handler: (request) => request });
  process.send?.({ port: server.port });
} catch (error) {
  process.send?.({ code: (error as { code?: string }).code });
}
