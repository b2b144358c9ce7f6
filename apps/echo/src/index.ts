export { echoOverTcp, echoOverUdp, type EchoAddress } from "./client.ts";
export { createEchoServer, type EchoServer, type EchoServerOptions } from "./server.ts";
