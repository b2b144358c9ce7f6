import { lines } from "@tallyline/framing";
import { createTcpClient, createTcpServer } from "@tallyline/tcp";

await using server = await createTcpServer<string, string>({
  codec: lines({ maxLineBytes: 1024 }),
  handler: (line) => line.toUpperCase(),
});
await using client = createTcpClient<string, string>({ codec: lines(), host: "127.0.0.1", port: server.port });

console.log(await client.request("hello, server"));
