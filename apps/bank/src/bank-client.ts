#!/usr/bin/env node
import { decodePlainReply } from "@tallyline/bank-protocol";
import { createProgram, EXIT, host, parseFlags, port, report, runClient } from "@tallyline/program";
import { Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { createPlainClient } from "./plain-client.ts";
import { BankClientError } from "./client-error.ts";

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly framing: "auto" | "line" | "chunk";
}

const program = createProgram({
  name: "bank-client",
  version: manifest.version,
  description: "Talks to a bank server. Without a command it reads commands line by line, from a terminal or a pipe.",
  logLevel: "warn",
})
  .argument("[command...]", "check_balance, deposit AMOUNT or withdraw AMOUNT")
  .option("--host <address>", "the server's address", host, "127.0.0.1")
  .option("--port <number>", "the server's TCP port", port, 65432)
  .addOption(
    new Option(
      "--framing <how>",
      "what ends a request: a line ending, the end of a read, or whichever the server shows",
    )
      .choices(["auto", "line", "chunk"])
      .default("auto"),
  );

const { flags, words } = parseFlags<Flags>(program);
await using client = createPlainClient(flags);
await runClient(program, words, { prompt: "bank> ", ask });

async function ask(command: string): Promise<number> {
  try {
    const answer = await client.send(command);
    process.stdout.write(`${answer}\n`);
    return exitCodeOf(answer);
  } catch (error) {
    report(program, error);
    if (!(error instanceof BankClientError)) return EXIT.usage;
    return error.delivery === "rejected" ? EXIT.tryAgain : EXIT.noAnswer;
  }
}

function exitCodeOf(answer: string): number {
  if (answer.startsWith("Error:")) return EXIT.refused;
  switch (decodePlainReply(answer)?.kind) {
    case "balance":
    case "deposited":
    case "withdrew":
    case undefined: // words of another bank: an answer all the same
      return EXIT.answered;
    case "insufficient-funds":
    case "invalid-amount":
    case "invalid-command":
    case "unfinished-line":
      return EXIT.refused;
  }
}
