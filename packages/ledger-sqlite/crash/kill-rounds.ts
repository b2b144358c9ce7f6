import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** When a process is killed: this long after it has begun to open its ledger, or after so many answers. */
type Moment = { readonly openingMs: number } | { readonly answers: number };

export interface KillRounds {
  readonly seed: number;
  readonly rounds: number;
  readonly tally: Tally;
  /** Is put in front of the ledgers, each of which then has one life only. */
  readonly mutant?: Mutant | undefined;
}

/** Kills processes that serve a ledger, as `kill -9` does, and judges what they leave. */
export async function killRounds({ seed, rounds, tally, mutant }: KillRounds): Promise<void> {
  const random = new Random(seed);
  const perBook = mutant === undefined ? ROUNDS_PER_BOOK : 1;
  for (let round = 0; round < rounds; round += perBook) {
    await killOneBook(random, {
      seed: random.below(2 ** 31),
      rounds: Math.min(perBook, rounds - round),
      tally,
      mutant,
    });
  }
}

/** Has one book live through many lives, until it has broken a promise: what followed would be no news. */
async function killOneBook(random: Random, { seed, rounds, tally, mutant }: KillRounds): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tallyline-crash-"));
  const path = join(folder, "bank.db");
  const oracle = new Oracle(seed);
  let history = new History();
  let nowMs = 1_000_000;
  const before = tally.violations();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const clients = random.pick([1, 4, 16, 64]);
      const moment: Moment = random.chance(15)
        ? { openingMs: random.below(16) }
        : { answers: Math.ceil(2 ** (random.below(1000) / 100)) };
      const life = {
        path,
        seed,
        clients,
        retry: history.unanswered(),
        from: history.next,
        count: SENT_MAX,
        nowMs,
        mutant,
      };
      await liveAndDie(life, history, moment, random.below(3));
      tally.count("kills");
      tally.count("answers" in moment ? "killsUnderLoad" : "killsWhileOpening");
      // Now and then the next life meets what this one left, without anybody having looked.
      if (round < rounds && random.chance(35)) continue;
      const verdict = await judge(path, oracle, history, nowMs);
      tally.add(verdict, `kill round ${round} of seed ${seed}, ${clients} clients, ${JSON.stringify(moment)}`);
      if (tally.violations() > before) return;
      history = new History(history.next);
      nowMs += 2 * STEP_MS;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function liveAndDie(life: Life, history: History, moment: Moment, laterMs: number): Promise<void> {
  const child = startProcess("life.ts", { args: [life], stdio: ["ignore", "pipe", "inherit"] });
  const ended = endOf(child);
  const answersBefore = history.acknowledged.size;
  let isDue = false;
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    history.read(text);
    if (isDue) return;
    isDue = "openingMs" in moment || history.acknowledged.size - answersBefore >= moment.answers;
    // A little later, or it would always be just after an answer.
    if (isDue) setTimeout(() => child.kill("SIGKILL"), "openingMs" in moment ? moment.openingMs : laterMs);
  });
  const { signal } = await ended;
  history.end();
  if (signal !== "SIGKILL") throw new Error(`a process ended by itself: ${JSON.stringify(life)}`);
}
