import type { Command } from "commander";

/** Says on stderr, in one line, what kept the program from doing its work. */
export function report(program: Command, message: string): void {
  process.stderr.write(`${program.name()}: ${message}\n`);
}

/** What an error says to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
