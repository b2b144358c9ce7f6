// Makes calls with the library's own client: `call-client.ts tcp|jayson|nats PORT`, so many at a time.
import { lines } from "@tallyline/framing";
import { createTcpClient } from "@tallyline/tcp";
import { importPeer } from "../engine/peer-packages.ts";
import { serve } from "../engine/worker.ts";

type Call = () => Promise<unknown>;

const clients: Readonly<Record<string, (port: number) => Promise<Call>>> = {
  async tcp(port) {
    const client = createTcpClient<string, string>({ codec: lines(), host: "127.0.0.1", port });
    return () => client.request("PING");
  },
  async jayson(port) {
    const { default: jayson } = await importPeer("jayson");
    const client = jayson.Client.tcp({ host: "127.0.0.1", port });
    return () =>
      new Promise((resolve, reject) => {
        client.request("ping", [], (error: Error | null, reply: { readonly result: string }) =>
          error === null ? resolve(reply.result) : reject(error),
        );
      });
  },
  async nats(port) {
    const { connect } = await importPeer("@nats-io/transport-node");
    const connection = await connect({ servers: `127.0.0.1:${port}` });
    return async () => (await connection.request("ping", "PING")).string();
  },
};

const [kind = "", port] = process.argv.slice(2);
const call = await clients[kind]!(Number(port));
await serve(async ({ count, size }) => {
  let left = count;
  const caller = async () => {
    for (; left > 0; left -= 1) {
      const reply = await call();
      if (reply !== "PONG") throw new Error(`answered with ${String(reply)}`);
    }
  };
  await Promise.all(Array.from({ length: size }, caller));
});
