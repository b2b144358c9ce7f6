#!/usr/bin/env node
import { createProgram, host, listenPort, parseFlags, runServer } from "@tallyline/program";
import manifest from "../package.json" with { type: "json" };
import { addLanguageFlags, checkLanguage } from "./language-flags.ts";
import type { Language } from "./language.ts";
import { createCalculatorServer } from "./server.ts";

interface Flags extends Required<Language> {
  readonly host: string;
  readonly port: number;
  readonly tcpPort: number;
}

const program = createProgram({
  name: "calculator-server",
  version: manifest.version,
  description: "Answers arithmetic, such as 2 + 2, over UDP; over TCP where an answer is too long for a datagram.",
  logLevel: "info",
})
  .option("--host <address>", "address to listen on", host, "127.0.0.1")
  .option("--port <number>", "UDP port, 0 for a free one", listenPort, 65432)
  .option("--tcp-port <number>", "TCP port, 0 for a free one", listenPort, 65433);
addLanguageFlags(program);

const { flags } = parseFlags<Flags>(program);
checkLanguage(program, flags);
void runServer(program, {
  start: async () => {
    const { udp, tcp } = await createCalculatorServer(flags);
    return { listeners: [udp, tcp] };
  },
  portFlag: (url) => (url.startsWith("tcp:") ? "--tcp-port" : "--port"),
});
