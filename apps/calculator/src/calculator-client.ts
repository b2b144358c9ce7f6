#!/usr/bin/env node
import {
  createProgram,
  EXIT,
  host,
  parseFlags,
  port,
  report,
  runClient,
  defaultHistoryPath,
  openHistory,
} from "@tallyline/program";
import manifest from "../package.json" with { type: "json" };
import { createCalculatorClient } from "./client.ts";
import { Conversation } from "./conversation.ts";
import { addLanguageFlags, checkLanguage } from "./language-flags.ts";
import type { Language } from "./language.ts";

interface Flags extends Required<Language> {
  readonly host: string;
  readonly port: number;
  readonly tcpPort: number;
  readonly history: string;
}

const program = createProgram({
  name: "calculator-client",
  version: manifest.version,
  description: "Asks a calculator server. Without an expression it reads them line by line, from a terminal or a pipe.",
  logLevel: "warn",
})
  .argument("[expression...]", "such as '2 + 2'")
  .option("--host <address>", "the server's address", host, "127.0.0.1")
  .option("--port <number>", "the server's UDP port", port, 65432)
  .option("--tcp-port <number>", "the server's TCP port", port, 65433)
  .option("--history <file>", "keeps what is typed at a terminal; '' keeps nothing", defaultHistoryPath("calculator"));
addLanguageFlags(program).addHelpText(
  "after",
  "\nIn what is asked line by line, ans is the last result. The last three flags repeat the server's:\nit alone calculates, and by them the client points at the place of an error.",
);

const { flags, words } = parseFlags<Flags>(program);
checkLanguage(program, flags);
void run();

async function run(): Promise<void> {
  await using client = createCalculatorClient(flags);
  const conversation = new Conversation((expression) => client.ask(expression), flags);
  await runClient(program, words, {
    prompt: "calculator> ",
    ask: (line) => ask(conversation, line),
    history: () =>
      openHistory(flags.history, (error) => void report(program, error, "; this session's lines are not kept")),
  });
}

async function ask(conversation: Conversation, line: string): Promise<number> {
  try {
    const { answer, place } = await conversation.ask(line);
    process.stdout.write(`${answer}\n`);
    if (place !== undefined) process.stderr.write(`${place}\n`);
    return answer.startsWith("Error:") ? EXIT.refused : EXIT.answered;
  } catch (error) {
    await report(program, error);
    const isTurnedAway = error instanceof Error && "delivery" in error && error.delivery === "rejected";
    return isTurnedAway ? EXIT.tryAgain : EXIT.noAnswer;
  }
}
