import { existsSync, readFileSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ledger } from "@tallyline/ledger";
import { accountName, commandAt, type Book } from "./commands.ts";
import { History } from "./history.ts";
import { mutants, type Mutant } from "./mutants.ts";
import { Oracle } from "./oracle.ts";
import { lossesOfEmptying, powerLosses, type PowerLoss, type Recorded, type Start } from "./power-loss.ts";
import { Random } from "./random.ts";
import { judge } from "./recovery.ts";
import { runScript, type AfterFailure } from "./script.ts";
import { Tally } from "./tally.ts";
import { bytesGrown, readWriteLog } from "./write-log.ts";

/** The power is cut; it is cut again while that is recovered from; an fsync fails; the disk is full; writes are short. */
export const storageParts = ["power", "recovery", "fsync", "full", "short"] as const;
export type StoragePart = (typeof storageParts)[number];

/** What is to be done to the storage of a ledger. */
export interface StorageOrder {
  readonly part: StoragePart;
  readonly book: Book;
  /** How many commands each run sends. */
  readonly commands: number;
  /** At most so many runs, each with the fault at another place. "power" is one run, and "short" three. */
  readonly runs: number;
  /** Power cuts made of each run. */
  readonly images: number;
  readonly mutant?: Mutant;
}

/** Where it is done. The process has to be under the storage shim. */
export interface Places {
  /** The folder that the shim watches. */
  readonly folder: string;
  /** The log that it writes. */
  readonly log: string;
  /** A folder for what power cuts leave. */
  readonly image: string;
}

interface Fault {
  readonly plan: string;
  /** Whether the process that has met the fault dies of it, rather than to close the ledger. */
  readonly isDeadly: boolean;
  readonly start: Start;
}

const NOW_MS = 1_000_000;
const EMPTY: Start = { files: new Map(), history: "" };

/** Makes the disk of this process fail in one way at many places, cuts its power, and judges what is left each time. */
export class StorageFaults {
  readonly tally: Tally = new Tally();
  readonly #order: StorageOrder;
  readonly #places: Places;
  readonly #path: string;
  readonly #random: Random;

  constructor(order: StorageOrder, places: Places) {
    this.#order = order;
    this.#places = places;
    this.#path = join(places.folder, "bank.db");
    this.#random = new Random(order.book.seed);
  }

  async run(): Promise<void> {
    for (const fault of await this.#faults()) await this.#judgeAll(fault);
  }

  /** The same run with the fault at another place each time. */
  async #faults(): Promise<readonly Fault[]> {
    const { part, runs, mutant } = this.#order;
    const planned = (plan: string, index = 0): Fault => ({ plan, isDeadly: index % 2 === 1, start: EMPTY });
    if (part === "power") return [planned(mutantPlan(mutant))];
    if (part === "short") return ["short=1", "eintr=1", "short=1 eintr=1"].map((plan) => planned(plan));
    const { recorded } = await this.#record(planned(""));
    switch (part) {
      case "recovery":
        return [...powerLosses(recorded, this.#random, runs)].map((start) => ({ ...planned(""), start }));
      case "fsync":
        return this.#spread(2 * recorded.calls.filter(({ kind }) => kind === "sync").length).map((number, index) =>
          planned(`eio=${Math.ceil(number / 2)}`, index),
        );
      case "full":
        return this.#spread(bytesGrown(recorded.calls)).map((bytes) => planned(`full=${bytes}`));
    }
  }

  /** At most `runs` of the numbers from 1 to the last, evenly. */
  #spread(last: number): number[] {
    const count = Math.min(this.#order.runs, last);
    return Array.from({ length: count }, (_, index) => Math.ceil(((index + 1) * last) / count));
  }

  async #judgeAll(fault: Fault): Promise<void> {
    const { part, book, commands, images } = this.#order;
    const where = `${part}, ${JSON.stringify(book)}, ${commands} commands${fault.plan && `, plan ${fault.plan}`}${fault.isDeadly ? ", deadly" : ""}`;
    this.tally.count("runs");
    const run = await this.#record(fault).catch(String);
    // Opened again and again, and failing each time: see script.ts.
    if (typeof run === "string") return this.tally.violate("unopened", `${where}: ${run}`);
    const { history, recorded } = run;
    this.tally.add(await judge(this.#path, new Oracle(book), history, NOW_MS), `${where}, at its end`);
    for (const { cut, loss, files, history: told } of this.#losses(recorded, images)) {
      fill(this.#places.image, files);
      const path = join(this.#places.image, "bank.db");
      const verdict = await judge(path, new Oracle(book), History.of(told), NOW_MS);
      this.tally.count("images");
      this.tally.add(verdict, `${where}, power cut after call ${cut} of ${recorded.calls.length}, lost: ${loss}`);
    }
  }

  *#losses(recorded: Recorded, images: number): Generator<PowerLoss> {
    yield* powerLosses(recorded, this.#random, images);
    if (this.#order.part === "fsync") yield* lossesOfEmptying(recorded, this.#random);
  }

  /** Runs the script on a disk with a fault. */
  async #record({ plan, isDeadly, start }: Fault): Promise<{ readonly history: History; readonly recorded: Recorded }> {
    const { part, book, commands, mutant } = this.#order;
    const { folder, log } = this.#places;
    const historyPath = join(folder, "history");
    fill(folder, start.files);
    writeFileSync(historyPath, start.history);
    this.#setPlan(plan);
    if (existsSync(log)) truncateSync(log);
    const history = await runScript({
      path: this.#path,
      historyPath,
      book,
      commands,
      nowMs: NOW_MS,
      onFailure: (ledger) => (part === "full" ? this.#makeRoom(ledger) : this.#expectSilence(ledger, isDeadly)),
      wrap: (mutant && mutants[mutant].wrap?.(NOW_MS)) ?? ((ledger) => ledger),
    });
    this.#setPlan("");
    return { history, recorded: { start, calls: readWriteLog(readFileSync(log)) } };
  }

  #setPlan(plan: string): void {
    // The shim reads along; to write nothing would be no call.
    writeFileSync(join(this.#places.folder, "plan"), `${plan} `);
  }

  /** While the disk is full a ledger that is open can be read, and once there is room it goes on. */
  async #makeRoom(ledger: Ledger | undefined): Promise<AfterFailure> {
    this.tally.count("failures");
    const isRead = ledger !== undefined && (await isAnswered(ledger.account(accountName(0))));
    this.#setPlan("");
    if (ledger === undefined) return "close";
    const isWritten = await isAnswered(ledger.submit(commandAt(this.#order.book, 0)));
    if (isRead) this.tally.count("readsWhileFull");
    else this.tally.violate("differing", "full: a read was refused");
    if (!isWritten) this.tally.violate("differing", "full: it did not go on when there was room again");
    return isWritten ? "ask again" : "close";
  }

  /** A ledger whose commit failed knows its own file no more, and has to say nothing until it is opened again. */
  async #expectSilence(ledger: Ledger | undefined, isDeadly: boolean): Promise<AfterFailure> {
    this.tally.count("failures");
    if (ledger !== undefined && (await isAnswered(ledger.submit(commandAt(this.#order.book, 0))))) {
      this.tally.violate("differing", `${this.#order.part}: answered after a commit that failed`);
    }
    if (!isDeadly) return "close";
    this.#replaceFiles();
    return "die";
  }

  /** Puts copies in the place of the files, so that a process that is taken for dead has no hold on them any more. */
  #replaceFiles(): void {
    const { folder } = this.#places;
    this.#setPlan("quiet=1");
    for (const name of readdirSync(folder).filter((each) => each.startsWith("bank.db"))) {
      writeFileSync(join(folder, "copy"), readFileSync(join(folder, name)));
      renameSync(join(folder, "copy"), join(folder, name));
    }
    this.#setPlan("");
  }
}

function mutantPlan(mutant: Mutant | undefined): string {
  return (mutant && mutants[mutant].plan) ?? "";
}

async function isAnswered(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}

/** Leaves a folder with these files and no others. */
function fill(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}
