// Answers what is asked on the subject `ping` of the NATS server at this port, with NATS' own client.
import { importPeer } from "../engine/peer-packages.ts";

const port = process.argv[2]!;
const { connect } = await importPeer("@nats-io/transport-node");
const connection = await connect({ servers: `127.0.0.1:${port}` });
const reply = new TextEncoder().encode("PONG");
connection.subscribe("ping", {
  callback: (_error: Error | null, message: { respond(data: Uint8Array): boolean }) => void message.respond(reply),
});
await connection.flush();
console.log(`listening on ${port}`);
