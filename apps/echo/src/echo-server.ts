#!/usr/bin/env node
import { createProgram, host, listenPort, parseFlags, runServer } from "@tallyline/program";
import manifest from "../package.json" with { type: "json" };
import { createEchoServer } from "./server.ts";

const program = createProgram({
  name: "echo-server",
  version: manifest.version,
  description: "Returns what it is sent, over TCP and UDP on one port (RFC 862).",
  logLevel: "info",
})
  .option("--host <address>", "address to listen on", host, "127.0.0.1")
  .option("--port <number>", "TCP and UDP port, 0 for a free one", listenPort, 65434);

const { flags } = parseFlags<{ readonly host: string; readonly port: number }>(program);
void runServer(program, {
  start: async () => {
    const { tcp, udp } = await createEchoServer(flags);
    return { listeners: [tcp, udp] };
  },
});
