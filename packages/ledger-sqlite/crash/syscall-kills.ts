import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Book } from "./commands.ts";
import { History } from "./history.ts";
import type { Life } from "./life.ts";
import { Oracle } from "./oracle.ts";
import { endOf, startProcess } from "./own-process.ts";
import { judge } from "./recovery.ts";
import { scratchFolder, underShim } from "./storage-shim.ts";
import type { Tally } from "./tally.ts";

export interface SyscallKills {
  readonly book: Book;
  /** How many commands each process sends. */
  readonly commands: number;
  /** Every so many-th call only; 1 for each. */
  readonly every: number;
  readonly tally: Tally;
}

const NOW_MS = 1_000_000;
const CLIENTS = 3;

/**
 * Kills a process at each of its storage calls in turn, in two runs: one that makes its ledger, and one that finds what
 * a killed process left. A write that is killed has half happened.
 */
export async function syscallKills({ book, commands, every, tally }: SyscallKills): Promise<void> {
  const scratch = scratchFolder();
  const folder = join(scratch, "watched");
  const before = join(scratch, "before");
  mkdirSync(before);
  try {
    const total = await killAtEach("");
    // What the second run begins with: two thirds into the first.
    await live(Math.round((total * 2) / 3));
    rmSync(before, { recursive: true });
    cpSync(folder, before, { recursive: true });
    await killAtEach(" of a second process");
  } finally {
    rmSync(scratch, { recursive: true });
  }

  /** @returns how many calls there are. */
  async function killAtEach(of: string): Promise<number> {
    for (let call = 1; ; call += every) {
      const { isKilled, history } = await live(call);
      if (!isKilled) return call - 1;
      tally.count("kills");
      const verdict = await judge(join(folder, "bank.db"), new Oracle(book), history, NOW_MS);
      tally.add(verdict, `killed at storage call ${call}${of}, seed ${book.seed}, ${commands} commands`);
    }
  }

  async function live(killedAt: number): Promise<{ readonly isKilled: boolean; readonly history: History }> {
    rmSync(folder, { recursive: true, force: true });
    cpSync(before, folder, { recursive: true });
    const historyPath = join(folder, "history");
    const told = History.of(readText(historyPath));
    const life: Life = {
      path: join(folder, "bank.db"),
      book,
      clients: CLIENTS,
      retry: told.unanswered(),
      from: told.next,
      count: commands,
      nowMs: NOW_MS,
      end: "close",
      historyPath,
    };
    const child = startProcess("life.ts", {
      args: [life],
      stdio: ["ignore", "inherit", "inherit"],
      env: underShim({ folder, plan: `kill=${killedAt}` }),
    });
    const { code, signal } = await endOf(child);
    if (signal !== "SIGKILL" && code !== 0) throw new Error(`a process ended with ${code}: ${JSON.stringify(life)}`);
    return { isKilled: signal === "SIGKILL", history: History.of(readText(historyPath)) };
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
