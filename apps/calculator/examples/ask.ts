import { createCalculatorClient, createCalculatorServer } from "@tallyline/calculator";

await using server = await createCalculatorServer({ port: 0, tcpPort: 0 });
await using client = createCalculatorClient({ port: server.udp.port, tcpPort: server.tcp.port });

console.log(await client.ask("2 + 2"));
console.log(await client.ask("1 / 0"));
