/** Started by udp-cluster.test.ts as a worker of `node:cluster`: serves, and says on which port. */
import { createUdpServer } from "@tallyline/udp";

const server = await createUdpServer({ handler: (request) => request });
process.send?.({ port: server.port });
