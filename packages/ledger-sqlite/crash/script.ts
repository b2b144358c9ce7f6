import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Ledger } from "@tallyline/ledger";
import { openSqliteLedger, type SqliteLedger } from "@tallyline/ledger-sqlite";
import { range, serve } from "./clients.ts";
import { currencies, type Book } from "./commands.ts";
import { History } from "./history.ts";

/** A run that makes the same storage calls each time: it is opened and closed several times, with more and more clients. */
export interface Script {
  readonly path: string;
  /** File that the history is appended to. It can hold one already, of a run that was cut short. */
  readonly historyPath: string;
  readonly book: Book;
  readonly commands: number;
  readonly nowMs: number;
  /** Called when the ledger has failed; undefined when it could not be opened. */
  readonly onFailure: (ledger: Ledger | undefined) => Promise<AfterFailure>;
  /** Puts something in front of the ledger. */
  readonly wrap?: (ledger: Ledger) => Ledger;
}

/** The same ledger is asked again, or opened again after it was closed, or after its process has died. */
export type AfterFailure = "ask again" | "close" | "die";

/** Clients in each life of the ledger, and which share of the commands they send. */
const lives = [
  { clients: 1, share: 0.2 },
  { clients: 4, share: 0.5 },
  { clients: 16, share: 1 },
];

/** More would mean that the ledger never recovers. */
const FAILURES_MAX = 20;

/** Ledgers of processes that have died: closed by nobody, also not by the garbage collector. */
const dead: unknown[] = [];

/** Runs to the end, opening the ledger again when it fails, and sending again what was not answered. */
export async function runScript(script: Script): Promise<History> {
  const { path, book, commands, nowMs, onFailure, wrap = (each) => each } = script;
  const history = new History();
  const file = openSync(script.historyPath, "a+");
  history.read(readFileSync(file, "utf8"));
  const tell = (line: string) => {
    writeSync(file, line);
    history.read(line);
  };
  let failures = 0;
  let ledger: SqliteLedger | undefined;
  for (const { clients, share } of lives) {
    const to = Math.round(commands * share);
    while (history.unanswered().length > 0 || history.next < to) {
      try {
        ledger ??= await openSqliteLedger({ path, currencies, now: () => nowMs });
        const numbers = [...history.unanswered(), ...range(history.next, to)];
        await serve(wrap(ledger), { book, count: clients, numbers, tell });
      } catch (error) {
        failures += 1;
        if (failures > FAILURES_MAX) {
          dead.push(ledger);
          throw error;
        }
        const next = await onFailure(ledger);
        if (next === "ask again") continue;
        if (next === "close") await ledger?.close();
        else dead.push(ledger);
        ledger = undefined;
      }
    }
    await ledger?.close();
    ledger = undefined;
  }
  closeSync(file);
  return history;
}
