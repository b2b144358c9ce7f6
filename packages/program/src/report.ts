import type { Command } from "commander";
import { createLog } from "./flags.ts";

/**
 * Says on stderr, in one line, what kept the program from doing its work; `--log-level debug` shows the cause too, and
 * is what is waited for: to be awaited before `process.exit`.
 */
export async function report(program: Command, error: unknown, advice = ""): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${program.name()}: ${message}${advice}\n`);
  const log = createLog(program);
  log.debug({ event: "failed", err: error });
  await log.written();
}
