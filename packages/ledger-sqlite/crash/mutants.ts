import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { createMemoryLedger, type Ledger } from "@tallyline/ledger";
import { currencies } from "./commands.ts";

/** A ledger that breaks its promises in one way, which the suite has to notice. */
interface MutantLedger {
  /** What the storage shim does from the start on. */
  readonly plan?: string;
  /** Changes this process. @returns what changes it back. */
  readonly install?: () => () => void;
  /** @returns what stands in front of a ledger, which starts out empty and may be opened again. */
  readonly wrap?: (nowMs: number) => (ledger: Ledger) => Ledger;
}

export type Mutant =
  | "answers-before-commit"
  | "wal-not-synced"
  | "synchronous-normal"
  | "synchronous-off"
  | "log-not-written-again";

export const mutants: Readonly<Record<Mutant, MutantLedger>> = {
  "answers-before-commit": { wrap: answerBeforeCommit },
  "wal-not-synced": { plan: "lie=1" },
  "synchronous-normal": { install: () => forceSynchronous("NORMAL") },
  "synchronous-off": { install: () => forceSynchronous("OFF") },
  // What a failed fsync has left out of the log is then moved into the file all the same.
  "log-not-written-again": { install: writeNoLog },
};

/** Whatever a ledger asks SQLite for, it gets less. */
function forceSynchronous(mode: "NORMAL" | "OFF"): () => void {
  return changeSql((sql) => (/synchronous\s*=/i.test(sql) ? `${sql}; PRAGMA synchronous = ${mode}` : sql));
}

/** SQLite writes its log itself: what is written by others is the ledger's, after a failed fsync. */
function writeNoLog(): () => void {
  const { writeSync } = fs;
  const change = (writes: unknown) => {
    Object.assign(fs, { writeSync: writes });
    syncBuiltinESMExports();
  };
  change((file: number, bytes: Uint8Array, start: number, length: number, ...rest: unknown[]) => {
    const isLog = fs.readlinkSync(`/proc/self/fd/${file}`).endsWith("-wal");
    return isLog ? length : (writeSync as (...all: unknown[]) => number)(file, bytes, start, length, ...rest);
  });
  return () => change(writeSync);
}

/** Has SQLite execute something else. @returns what ends that. */
function changeSql(change: (sql: string) => string): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its `this` below
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function execChanged(this: DatabaseSync, sql: string): void {
    exec.call(this, change(sql));
  };
  return () => {
    DatabaseSync.prototype.exec = exec;
  };
}

/** Answers from a ledger in memory while the durable one is still at work. */
function answerBeforeCommit(nowMs: number): (ledger: Ledger) => Ledger {
  const early = createMemoryLedger({ currencies, now: () => nowMs });
  return (ledger) => {
    const submit: Ledger["submit"] = async (command) => {
      void ledger.submit(command);
      return early.submit(command);
    };
    return new Proxy(ledger, {
      get(target, name) {
        if (name === "submit") return submit;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  };
}
