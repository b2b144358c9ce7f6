import { connectStream, createTcpFaultProxy, listenForStreams } from "@tallyline/testkit/proxies";

await using server = await listenForStreams(async (stream) => {
  await stream.read();
  await stream.write(new TextEncoder().encode("Withdrew $10.\n"));
});
await using proxy = await createTcpFaultProxy({ target: server.target, faults: { toClient: { resetAfterBytes: 8 } } });

const client = await connectStream(proxy);
await client.write(new TextEncoder().encode("withdraw 10\n"));
console.log(new TextDecoder().decode(await client.read()));
await client.read().catch((error: Error) => console.log(error.name));
