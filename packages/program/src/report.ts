import type { Command } from "commander";
import { createLog } from "./flags.ts";

/** Says on stderr, in one line, what kept the program from doing its work; `--log-level debug` shows the cause too. */
export function report(program: Command, error: unknown, advice = ""): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${program.name()}: ${message}${advice}\n`);
  createLog(program).debug({ event: "failed", err: error });
}
