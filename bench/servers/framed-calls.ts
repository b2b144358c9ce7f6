// The least server that answers calls: lines over TCP, a text to its text.
import { lines } from "@tallyline/framing";
import { createTcpServer } from "@tallyline/tcp";

const server = await createTcpServer({
  codec: lines(),
  handler: (line: string) => (line === "PING" ? "PONG" : "WHAT"),
  limits: { maxConnections: 20_000 },
});
console.log(`listening on ${server.port}`);
