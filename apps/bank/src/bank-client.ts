#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodePlainReply } from "@tallyline/bank-protocol";
import {
  createProgram,
  defaultHistoryPath,
  EXIT,
  host,
  openHistory,
  parseFlags,
  port,
  report,
  runClient,
  stateFolder,
  type History,
} from "@tallyline/program";
import { Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { bankConsole } from "./client/bank-console.ts";
import { BankClientError } from "./client/client-error.ts";
import { createBankClient, type BankClient, type BankClientOptions } from "./client.ts";
import { completions } from "./client/client-line.ts";
import { readPassword } from "./password.ts";
import { PendingWrites } from "./client/pending-writes.ts";
import { createPlainClient, type PlainClient } from "./client/plain-client.ts";

interface Flags {
  readonly host: string;
  readonly port?: number;
  readonly framing: "auto" | "line" | "chunk";
  readonly user?: string;
  readonly passwordFile?: string;
  readonly tls: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsName?: string;
  readonly json: boolean;
  readonly history: string;
}

const program = createProgram({
  name: "bank-client",
  version: manifest.version,
  description: "Talks to a bank server. Without a command it reads commands line by line, from a terminal or a pipe.",
  logLevel: "warn",
})
  .argument("[command...]", "balance, deposit AMOUNT, transfer FROM TO AMOUNT, statement …: help lists all")
  .option("--host <address>", "the server's address", host, "127.0.0.1")
  .option("--port <number>", "the server's TCP port: 65432, or 65435 with TLS", port)
  .addOption(
    new Option(
      "--framing <how>",
      "what ends a request: a line ending, the end of a read, or whichever the server shows; line and chunk speak the plain dialect",
    )
      .choices(["auto", "line", "chunk"])
      .default("auto"),
  )
  .option("--user <name>", "who you are; the password comes from --password-file, BANK_CLIENT_PASSWORD or a prompt")
  .option("--password-file <file>", "the password's file; - for standard input")
  .option("--tls", "speak TLS, and check the server's certificate", false)
  .option("--tls-ca <file>", "authorities (PEM) that the certificate must come from, instead of the system's")
  .option("--tls-name <name>", "name that the certificate must be for, instead of the host's")
  .option("--tls-cert <file>", "your own certificate (PEM), where the bank knows you by it")
  .option("--tls-key <file>", "its private key (PEM)")
  .option("--json", "print each answer as a line of JSON", false)
  .option("--history <file>", "keeps what is typed at a terminal; '' keeps nothing", defaultHistoryPath("bank"));

const { flags, words } = parseFlags<Flags>(program);
const isTls = flags.tls || flags.tlsCa !== undefined || flags.tlsCert !== undefined;
const address = { host: flags.host, port: flags.port ?? (isTls ? 65435 : 65432) };
const plain: PlainClient = createPlainClient({ ...address, framing: flags.framing });

let client: BankClient | undefined;
let askBank: ((line: string) => Promise<number>) | undefined;
void run();

async function run(): Promise<void> {
  try {
    await runClient(program, words, {
      prompt: "bank> ",
      ask,
      complete: completions,
      history,
    });
  } finally {
    await plain.close();
    await client?.close();
  }
}

function history(): History {
  return openHistory(flags.history, (error) => void report(program, error, "; this session's lines are not kept"));
}

async function ask(line: string): Promise<number> {
  try {
    if (askBank === undefined && (await speaksBank())) askBank = await openBank();
    return askBank === undefined ? await askPlainly(line) : await askBank(line);
  } catch (error) {
    await report(program, error);
    if (!(error instanceof BankClientError)) return EXIT.usage;
    if (error.message.includes("was not let in")) return EXIT.refused;
    return error.delivery === "rejected" ? EXIT.tryAgain : EXIT.noAnswer;
  }
}

/** A server that is named by a user or by TLS speaks bank/1; any other is asked, once. */
async function speaksBank(): Promise<boolean> {
  if (isTls || flags.user !== undefined) return true;
  return flags.framing === "auto" && (await plain.offersBank());
}

async function openBank(): Promise<(line: string) => Promise<number>> {
  await plain.close();
  const { user, tlsCa, tlsCert, tlsKey, tlsName } = flags;
  const tls = {
    ...(tlsCa !== undefined && { ca: readFileSync(tlsCa) }),
    ...(tlsCert !== undefined && { cert: readFileSync(tlsCert) }),
    ...(tlsKey !== undefined && { key: readFileSync(tlsKey) }),
    ...(tlsName !== undefined && { serverName: tlsName }),
  };
  const options: BankClientOptions = {
    ...address,
    ...(isTls && { tls }),
    ...(user !== undefined && { login: { user, password: await passwordOf(user) } }),
  };
  client = createBankClient(options);
  const whose = `${flags.user ?? ""}@${address.host}:${address.port}`;
  const pending = new PendingWrites(join(stateFolder(), "bank-client-pending"));
  return bankConsole({ client, pending, whose, isJson: flags.json, note: (text) => void report(program, text) });
}

function passwordOf(user: string): Promise<string> {
  return readPassword({
    ...(flags.passwordFile !== undefined && { file: flags.passwordFile }),
    environment: process.env["BANK_CLIENT_PASSWORD"],
    prompt: `Password of ${user}: `,
  });
}

async function askPlainly(command: string): Promise<number> {
  const answer = await plain.send(command);
  process.stdout.write(`${flags.json ? JSON.stringify({ answer }) : answer}\n`);
  return exitCodeOf(answer);
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
