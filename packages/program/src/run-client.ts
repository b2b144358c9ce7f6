import { createInterface } from "node:readline/promises";
import { EXIT } from "./exit-code.ts";

/** Asks one question and shows its answer: outcomes on stdout, diagnostics on stderr. @returns the exit code. */
export type Ask = (question: string) => Promise<number>;

/**
 * Runs a client in the manner that its input asks for: one question given as words; without words, line by line from a
 * pipe, or asked for on a terminal until `quit`, `exit` or Ctrl-D.
 *
 * A pipe ends at the first question that was not answered, because what follows may build on it, and with the highest
 * exit code of all. At a terminal a person has seen each answer; leaving is no failure.
 */
export async function runClient(
  words: readonly string[],
  options: { readonly prompt: string; readonly ask: Ask },
): Promise<void> {
  if (words.length > 0) process.exitCode = await options.ask(words.join(" "));
  else if (process.stdin.isTTY) await askPerson(options.prompt, options.ask);
  else process.exitCode = await askPipe(options.ask);
}

async function askPipe(ask: Ask): Promise<number> {
  let worst: number = EXIT.answered;
  for await (const line of createInterface({ input: process.stdin })) {
    const exitCode = await ask(line);
    worst = Math.max(worst, exitCode);
    if (exitCode === EXIT.noAnswer) break;
  }
  return worst;
}

async function askPerson(prompt: string, ask: Ask): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt });
  terminal.prompt();
  for await (const line of terminal) {
    if (["quit", "exit"].includes(line.trim())) break;
    if (line.trim() !== "") await ask(line);
    terminal.prompt();
  }
  terminal.close();
}
