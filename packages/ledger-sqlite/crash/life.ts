// One life of a ledger, in a process that is going to be killed: node life.ts '{"path": …}'
import { openSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { serve } from "./clients.ts";
import { currencies, type Book } from "./commands.ts";
import { mutants, type Mutant } from "./mutants.ts";

export interface Life {
  readonly path: string;
  readonly book: Book;
  readonly clients: number;
  /** Numbers that were sent and never answered; sent again first. */
  readonly retry: readonly number[];
  /** The first number that was never sent, and how many are. */
  readonly from: number;
  readonly count: number;
  readonly nowMs: number;
  /** What it does when all were sent. */
  readonly end: "close" | "idle";
  /** File that the history is appended to; standard output without. */
  readonly historyPath?: string;
  readonly mutant?: Mutant | undefined;
}

const { path, book, clients, retry, from, count, nowMs, end, historyPath, mutant } = JSON.parse(
  process.argv[2]!,
) as Life;
const file = historyPath === undefined ? 1 : openSync(historyPath, "a");
const tell = (line: string) => writeSync(file, line);
const numbers = [...retry, ...Array.from({ length: count }, (_, index) => from + index)];

// Being killed, it could not keep what it compiled for the next life at its end: three quarters of its processor time.
flushCompileCache();
tell("! opening\n");
const ledger = await openSqliteLedger({ path, currencies, now: () => nowMs });
const wrap = mutant && mutants[mutant].wrap?.(nowMs);
await serve(wrap?.(ledger) ?? ledger, { book, count: clients, numbers, tell });
if (end === "close") {
  await ledger.close();
} else {
  // Whatever the ledger does when nobody asks it for anything, until this is killed, or nobody is left to do that.
  const killer = process.ppid;
  setInterval(() => {
    if (process.ppid !== killer) process.exit();
  }, 1000);
  tell("! idle\n");
}
