// Crashes ledgers in every way it knows and counts the promises they broke; README.md beside it says how.
// Run: npx -y pnpm@12.21.0 crash [--rounds 1000] [--seed N] [--only kill,syscalls,power,…] [--small]
import { parseArgs } from "node:util";
import type { Book } from "./commands.ts";
import { killRounds } from "./kill-rounds.ts";
import { describe } from "./report.ts";
import { storageParts, type StorageOrder, type StoragePart } from "./storage-faults.ts";
import { storageRuns } from "./storage-runs.ts";
import { whyNoShim } from "./storage-shim.ts";
import { syscallKills } from "./syscall-kills.ts";
import { Tally } from "./tally.ts";

const parts = ["kill", "syscalls", ...storageParts, "controls"] as const;
type Part = (typeof parts)[number];

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    only: { type: "string", default: parts.join() },
    small: { type: "boolean", default: false },
  },
});
const isSmall = values.small;
const seed = wholeNumber("seed", values.seed);
const book: Book = { seed, accountCount: 6 };
const rounds = wholeNumber("rounds", values.rounds ?? (isSmall ? "3" : "1000"));
const only = new Set(values.only.split(",").map(partOf));

/** Runs of each part, and power cuts of each run. */
const sizes: Readonly<Record<StoragePart, { readonly runs: number; readonly images: number }>> = isSmall
  ? {
      power: { runs: 1, images: 40 },
      recovery: { runs: 2, images: 8 },
      fsync: { runs: 4, images: 3 },
      full: { runs: 4, images: 2 },
      short: { runs: 3, images: 2 },
    }
  : {
      power: { runs: 1, images: 3000 },
      recovery: { runs: 200, images: 20 },
      fsync: { runs: 1000, images: 10 },
      full: { runs: 300, images: 5 },
      short: { runs: 3, images: 300 },
    };

const total = new Tally();
let missed = 0;
const startMs = performance.now();
console.log(`seed ${seed}`);

if (only.has("kill")) {
  const tally = new Tally();
  const onProgress = (done: number) => console.error(`kill: ${done} of ${rounds} rounds`);
  await killRounds({ seed, rounds, tally, ...(!isSmall && { onProgress }) });
  report("kill", tally);
}
const noShim = whyNoShim();
if (noShim === undefined) await withShim();
if (only.has("controls")) {
  const tally = new Tally();
  await killRounds({ seed, rounds: isSmall ? 2 : 20, tally, mutant: "answers-before-commit" });
  reportControl("answers-before-commit, kill", tally);
}
finish();

async function withShim(): Promise<void> {
  if (only.has("syscalls")) {
    const tally = new Tally();
    await syscallKills({ book, commands: isSmall ? 40 : 60, every: isSmall ? 50 : 1, tally });
    report("syscalls", tally);
  }
  const orders = storageOrders();
  let next = 0;
  for await (const tally of storageRuns(orders)) {
    const { part, mutant } = orders[next++]!;
    if (mutant === undefined) report(part, tally);
    else reportControl(`${mutant}, ${part}`, tally);
  }
}

function storageOrders(): StorageOrder[] {
  const orders: Omit<StorageOrder, "book" | "commands">[] = [];
  for (const part of storageParts) if (only.has(part)) orders.push({ part, ...sizes[part] });
  if (only.has("controls")) {
    const power = { part: "power", runs: 1, images: isSmall ? 30 : 200 } as const;
    orders.push({ mutant: "answers-before-commit", ...power }, { mutant: "synchronous-normal", ...power });
    if (!isSmall) {
      orders.push({ mutant: "synchronous-off", ...power }, { mutant: "wal-not-synced", ...power });
      orders.push({ mutant: "log-not-written-again", part: "fsync", runs: 60, images: 8 });
    }
  }
  const all = orders.map((order): StorageOrder => ({ book, commands: isSmall ? 100 : 150, ...order }));
  if (only.has("power") && !isSmall) {
    // Long enough that the log is moved into the database, and tables are made from it, in the middle of the load.
    all.push({ part: "power", book, commands: 6000, runs: 1, images: 200 });
  }
  if (only.has("recovery") && !isSmall) {
    // More accounts than are saved at once, so that the next process has to redo what happened to some of them.
    all.push({ part: "recovery", book: { seed, accountCount: 1100 }, commands: 3000, runs: 10, images: 20 });
  }
  return all;
}

function report(part: string, tally: Tally): void {
  console.log(`${part}: ${describe(tally)}`);
  for (const example of tally.examples) console.log(`- ${example}`);
  total.merge(tally);
}

/** A ledger that is known to break its promises has to be found out. */
function reportControl(what: string, tally: Tally): void {
  const isCaught = tally.violations() > 0;
  if (!isCaught) missed += 1;
  console.log(`control ${what}: ${isCaught ? "caught" : "NOT CAUGHT"}: ${describe(tally)}`);
}

function finish(): void {
  console.log(`all: ${describe(total)}; seed ${seed}, ${Math.round((performance.now() - startMs) / 1000)} s`);
  if (noShim !== undefined) console.log(`NOT RUN: all parts but kill, because ${noShim}`);
  const isGood = total.violations() === 0 && missed === 0;
  console.log(
    isGood ? "kept all promises" : `BROKE PROMISES ${total.violations()} TIMES; ${missed} controls not caught`,
  );
  process.exitCode = isGood ? 0 : 1;
}

function partOf(name: string): Part {
  const part = parts.find((each) => each === name);
  if (part === undefined) throw new RangeError(`--only has ${JSON.stringify(name)}, expected some of ${parts.join()}`);
  return part;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`--${name} is ${JSON.stringify(text)}, expected a whole number`);
  return Number(text);
}
