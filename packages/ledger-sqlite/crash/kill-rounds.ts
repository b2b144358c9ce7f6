import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Book } from "./commands.ts";
import { History } from "./history.ts";
import type { Life } from "./life.ts";
import type { Mutant } from "./mutants.ts";
import { Oracle } from "./oracle.ts";
import { endOf, startProcess } from "./own-process.ts";
import { Random } from "./random.ts";
import { judge, STEP_MS } from "./recovery.ts";
import type { Tally } from "./tally.ts";

/** A book gets slower to check as it grows, so that it is replaced by an empty one after so many rounds. */
const ROUNDS_PER_BOOK = 25;
/** More than a process sends before it is killed. */
const SENT_MAX = 20_000;

/** Long after any process has done what it was killed for, also on a busy machine. */
const HANGS_MS = 300_000;

/** A process is killed so long after it has said something, be it that it was answered so often. */
interface Moment {
  readonly after: "opening" | "answers" | "idle";
  readonly answers: number;
  readonly delayMs: number;
}

export interface KillRounds {
  readonly seed: number;
  readonly rounds: number;
  readonly tally: Tally;
  /** Is put in front of the ledgers, each of which then has one life only. */
  readonly mutant?: Mutant | undefined;
  /** Called now and then with the number of rounds done. */
  readonly onProgress?: (rounds: number) => void;
}

/** Kills processes that serve a ledger, as `kill -9` does, and judges what they leave. */
export async function killRounds({ seed, rounds, tally, mutant, onProgress }: KillRounds): Promise<void> {
  const random = new Random(seed);
  const perBook = mutant === undefined ? ROUNDS_PER_BOOK : 1;
  for (let round = 0; round < rounds; round += perBook) {
    onProgress?.(round);
    await killOneBook(random, {
      // Some have more accounts than a ledger saves at once.
      book: { seed: random.below(2 ** 31), accountCount: random.chance(20) ? 1500 : 6 },
      rounds: Math.min(perBook, rounds - round),
      tally,
      mutant,
    });
  }
}

interface OneBook extends Pick<KillRounds, "rounds" | "tally" | "mutant"> {
  readonly book: Book;
}

/** Has one book live through many lives, until it has broken a promise: what followed would be no news. */
async function killOneBook(random: Random, { book, rounds, tally, mutant }: OneBook): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tallyline-crash-"));
  const path = join(folder, "bank.db");
  const oracle = new Oracle(book);
  let history = new History();
  let nowMs = 1_000_000;
  const before = tally.violations();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const clients = random.pick([1, 4, 16, 64]);
      const moment = mutant === undefined ? momentOf(random) : ({ after: "answers", answers: 1, delayMs: 0 } as const);
      const retry = history.unanswered();
      const count = moment.after === "idle" ? moment.answers : SENT_MAX;
      const life: Life = { path, book, clients, retry, from: history.next, count, nowMs, end: "idle", mutant };
      await liveAndDie(life, history, moment);
      tally.count("kills");
      if (moment.after === "opening") tally.count("killsOpening");
      if (moment.after === "idle") tally.count("killsIdle");
      // Now and then the next life meets what this one left, without anybody having looked.
      if (round < rounds && random.chance(35)) continue;
      const verdict = await judge(path, oracle, history, nowMs);
      tally.add(
        verdict,
        `kill round ${round} of ${JSON.stringify(book)}, ${clients} clients, ${JSON.stringify(moment)}`,
      );
      if (tally.violations() > before) return;
      history = new History(history.next);
      nowMs += 2 * STEP_MS;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function momentOf(random: Random): Moment {
  const answers = Math.ceil(2 ** (random.below(1000) / 100));
  const when = random.below(100);
  if (when < 15) return { after: "opening", answers, delayMs: random.below(16) };
  if (when < 25) return { after: "idle", answers, delayMs: random.below(1500) };
  // A little later than an answer, or it would always be between two commits.
  return { after: "answers", answers, delayMs: random.below(3) };
}

async function liveAndDie(life: Life, history: History, { after, answers, delayMs }: Moment): Promise<void> {
  const child = startProcess("life.ts", { args: [life], stdio: ["ignore", "pipe", "inherit"] });
  const ended = endOf(child);
  const answersBefore = history.acknowledged.size;
  let isDue = false;
  history.remark = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    history.read(text);
    if (isDue) return;
    isDue = after === "answers" ? history.acknowledged.size - answersBefore >= answers : history.remark === after;
    if (isDue) setTimeout(() => child.kill("SIGKILL"), delayMs);
  });
  const hung = setTimeout(() => child.kill("SIGABRT"), HANGS_MS);
  const { signal } = await ended;
  clearTimeout(hung);
  history.end();
  if (signal !== "SIGKILL") throw new Error(`a process hung, or ended by itself: ${JSON.stringify(life)}`);
}
