import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { join } from "node:path";

/** What Node has compiled, kept for the next process: many are started, and compiling is most of what each has to do. */
const NODE_COMPILE_CACHE = join(import.meta.dirname, "..", "node_modules", ".cache", "compile");

interface OwnProcess {
  /** JSON values, one for each argument. */
  readonly args: readonly object[];
  readonly stdio: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a program of this folder, on the same Node and with the same flags as this process. */
export function startProcess(program: string, { args, stdio, env }: OwnProcess): ChildProcess {
  const file = join(import.meta.dirname, program);
  return spawn(process.execPath, [...process.execArgv, file, ...args.map((each) => JSON.stringify(each))], {
    stdio,
    env: { NODE_COMPILE_CACHE, ...process.env, ...env },
  });
}

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Resolves once it has ended, and all that it wrote was read. */
export function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
}
