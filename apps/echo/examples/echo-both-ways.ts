import { createEchoServer, echoOverTcp, echoOverUdp } from "@tallyline/echo";

await using server = await createEchoServer({ port: 0 });
const address = { host: "127.0.0.1", port: server.tcp.port };
const message = new TextEncoder().encode("Hello, Server!");

console.log(new TextDecoder().decode(await echoOverTcp(message, address)));
console.log(new TextDecoder().decode(await echoOverUdp(message, address)));
