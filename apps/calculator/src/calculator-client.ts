#!/usr/bin/env node
import { createProgram, EXIT, host, parseFlags, port, report, runClient } from "@tallyline/program";
import manifest from "../package.json" with { type: "json" };
import { createCalculatorClient } from "./client.ts";

const program = createProgram({
  name: "calculator-client",
  version: manifest.version,
  description: "Asks a calculator server. Without an expression it reads them line by line, from a terminal or a pipe.",
  logLevel: "warn",
})
  .argument("[expression...]", "such as '2 + 2'")
  .option("--host <address>", "the server's address", host, "127.0.0.1")
  .option("--port <number>", "the server's UDP port", port, 65432)
  .option("--tcp-port <number>", "the server's TCP port", port, 65433);

const { flags, words } = parseFlags<{ readonly host: string; readonly port: number; readonly tcpPort: number }>(
  program,
);
await using client = createCalculatorClient(flags);
await runClient(program, words, { prompt: "calculator> ", ask });

async function ask(expression: string): Promise<number> {
  try {
    const answer = await client.ask(expression);
    process.stdout.write(`${answer}\n`);
    return answer.startsWith("Error:") ? EXIT.refused : EXIT.answered;
  } catch (error) {
    report(program, error);
    const isTurnedAway = error instanceof Error && "delivery" in error && error.delivery === "rejected";
    return isTurnedAway ? EXIT.tryAgain : EXIT.noAnswer;
  }
}
