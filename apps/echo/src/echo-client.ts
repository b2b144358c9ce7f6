#!/usr/bin/env node
import { createProgram, EXIT, host, parseFlags, port, report, showOutcomes } from "@tallyline/program";
import manifest from "../package.json" with { type: "json" };
import { echoOverTcp, echoOverUdp } from "./client.ts";

const program = createProgram({
  name: "echo-client",
  version: manifest.version,
  description: "Sends a message to an echo server and prints what comes back.",
  logLevel: "warn",
})
  .argument("[message]", "what to send, instead of Hello, Server!")
  .option("--host <address>", "the server's address", host, "127.0.0.1")
  .option("--port <number>", "the server's port", port, 65434)
  .option("--udp", "send one datagram instead of a TCP stream", false);

const { flags, words } = parseFlags<{ readonly host: string; readonly port: number; readonly udp: boolean }>(program);
const [message = "Hello, Server!"] = words;
const sent = new TextEncoder().encode(message);
showOutcomes(program);
void send();

async function send(): Promise<void> {
  try {
    const echo = await (flags.udp ? echoOverUdp : echoOverTcp)(sent, flags);
    process.stdout.write(`${new TextDecoder().decode(echo)}\n`);
    process.exitCode = Buffer.compare(echo, sent) === 0 ? EXIT.answered : EXIT.refused;
  } catch (error) {
    process.exitCode = EXIT.noAnswer;
    await report(program, error);
  }
}
