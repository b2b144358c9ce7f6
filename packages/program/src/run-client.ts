import type { Command } from "commander";
import { EXIT } from "./exit-code.ts";
import { report } from "./report.ts";

/** Asks one question and shows its answer: outcomes on stdout, diagnostics on stderr. @returns the exit code. */
export type Ask = (question: string) => Promise<number>;

/** What a person typed in earlier sessions, the oldest first, and where the next line goes. */
export interface History {
  readonly lines: readonly string[];
  readonly add: (line: string) => void;
}

interface ClientOptions {
  readonly prompt: string;
  readonly ask: Ask;
  /** Opens the history of a terminal; without it, lines are known for one session. */
  readonly history?: () => History;
  /** At a terminal: what the end of the line may become, and that end; as `completer` of node:readline. */
  readonly complete?: (line: string) => [string[], string];
}

/**
 * Runs a client in the manner that its input asks for: one question given as words; without words, line by line from a
 * pipe, or asked for on a terminal until `quit`, `exit` or Ctrl-D.
 *
 * A pipe ends at the first question that was not answered, because what follows may build on it, and with the highest
 * exit code of all. At a terminal a person has seen each answer; leaving is no failure, unless an answer is outstanding.
 */
export async function runClient(program: Command, words: readonly string[], options: ClientOptions): Promise<void> {
  showOutcomes(program);
  if (words.length > 0) process.exitCode = await options.ask(words.join(" "));
  else if (process.stdin.isTTY) await askPerson(program, options);
  else process.exitCode = await askPipe(program, options.ask);
}

/** Nobody left to read ends a client quietly; an answer that cannot be written, as on a full disk, was not given. */
export function showOutcomes(program: Command): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    void giveUp(program, `the answer could not be written: ${error.message}`);
  });
}

async function giveUp(program: Command, reason: string): Promise<never> {
  await report(program, reason);
  process.exit(EXIT.noAnswer);
}

async function askPipe(program: Command, ask: Ask): Promise<number> {
  let worst: number = EXIT.answered;
  try {
    for await (const line of linesOf(process.stdin)) {
      const exitCode = await ask(line);
      worst = Math.max(worst, exitCode);
      if (exitCode >= EXIT.noAnswer) break;
    }
  } catch (error) {
    await report(program, error);
    worst = Math.max(worst, EXIT.usage);
  }
  return worst;
}

/** No question is that long. */
const LINE_LENGTH_MAX = 1_048_576;

/** Lines end with LF or CRLF and with nothing else: what a user sees as one command is never two. */
async function* linesOf(input: NodeJS.ReadStream): AsyncGenerator<string> {
  let rest = "";
  for await (const part of input.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = part.split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    for (const line of lines) yield line.replace(/\r$/, "");
    if (rest.length > LINE_LENGTH_MAX) throw new Error(`a line is longer than ${LINE_LENGTH_MAX} characters`);
  }
  if (rest !== "") yield rest;
}

async function askPerson(program: Command, { prompt, ask, history, complete }: ClientOptions): Promise<void> {
  // A pipe, and a server that carries this too, start without it.
  const { createInterface } = await import("node:readline/promises");
  const { lines, add } = history?.() ?? { lines: [], add: () => {} };
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt,
    history: lines.toReversed(),
    historySize: 1000,
    ...(complete !== undefined && { completer: complete }),
  });
  let isAsking = false;
  let isClosed = false;
  terminal.on("close", () => {
    isClosed = true;
  });
  terminal.on("SIGINT", () => {
    if (!isAsking) return terminal.close();
    terminal.write("\n");
    void giveUp(program, "stopped waiting; whether the last command was executed is unknown");
  });

  terminal.prompt();
  for await (const line of terminal) {
    if (["quit", "exit"].includes(line.trim())) break;
    isAsking = true;
    if (line.trim() !== "") {
      add(line);
      await ask(line);
    }
    isAsking = false;
    if (!isClosed) terminal.prompt(); // lines that came before Ctrl-D are still asked, without one
  }
  terminal.close();
}
