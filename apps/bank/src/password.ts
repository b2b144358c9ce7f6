import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Where a password comes from: never from the command line, which every process of the machine can read. */
export interface PasswordSource {
  /** A file whose first line it is; `-` for standard input. */
  readonly file?: string;
  /** What the environment says, if it does. */
  readonly environment: string | undefined;
  /** What to ask for at a terminal. */
  readonly prompt: string;
}

/**
 * Reads a password: from the file, else from the environment, else from whoever sits at the terminal.
 * @throws Error when there is none of these; its text has nothing of the password in it.
 */
export async function readPassword({ file, environment, prompt }: PasswordSource): Promise<string> {
  if (file !== undefined) return firstLine(readFileSync(file === "-" ? 0 : file, "utf8"));
  if (environment !== undefined) return environment;
  if (!process.stdin.isTTY) throw new Error("no password: give --password-file, or the variable of the environment");
  return askHidden(prompt);
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0]!;
}

/** Asks on stderr, so that stdout stays what the program answers, and shows nothing of what is typed. */
function askHidden(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    terminal.once("line", (line) => {
      terminal.removeAllListeners("close");
      terminal.close();
      process.stderr.write("\n");
      resolve(line);
    });
    terminal.once("close", () => reject(new Error("no password was typed")));
    terminal.once("SIGINT", () => terminal.close());
  });
}
