import { createUdpClient, createUdpServer } from "@tallyline/udp";

await using server = await createUdpServer({
  handler: (request) => new TextDecoder().decode(request).toUpperCase(),
});
await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });

const reply = await client.request(new TextEncoder().encode("hello"), { deadlineMs: 2000 });
console.log(new TextDecoder().decode(reply.payload));
