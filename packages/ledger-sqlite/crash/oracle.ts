import { isDeepStrictEqual } from "node:util";
import { createMemoryLedger, type Entry, type Ledger, type Leg, type Result } from "@tallyline/ledger";
import { accounts, commandAt, currencies, type Submitted } from "./commands.ts";
import { textOf, type History } from "./history.ts";

/** What came out of one check. Each list is empty, or the ledger broke its promise. */
export interface Verdict {
  readonly acknowledged: number;
  /** Not acknowledged, and there: the crash fell between the commit and the answer. */
  readonly happenedUnanswered: number;
  /** Not acknowledged, and not there. */
  readonly neverHappened: number;
  /** An answer was given or shown, and what it said is gone. */
  readonly lost: readonly string[];
  /** Money moved that no id accounts for: something took effect twice. */
  readonly duplicated: readonly string[];
  /** Some legs of a command are there and others are not, or sums do not come out. */
  readonly halfDone: readonly string[];
  /** It could not be opened any more. */
  readonly unopened: readonly string[];
  /** Anything else in which the ledger is not what replaying the history in memory gives. */
  readonly differing: readonly string[];
}

/**
 * Decides whether a ledger kept its promises, from nothing but its API and what its clients know. One for each book, for
 * as long as the book has kept them. It sends every id again, settles some of those without an answer, and compares
 * with a ledger in memory that is given the same commands in the order in which they were sent.
 */
export class Oracle {
  readonly #seed: number;
  readonly #memory: Ledger;
  #nowMs = 0;
  /** Number by idempotency key: which number used the key first. */
  readonly #owners = new Map<string, number>();
  readonly #answers = new Map<number, string>();

  constructor(seed: number) {
    this.#seed = seed;
    this.#memory = createMemoryLedger({ currencies, now: () => this.#nowMs });
  }

  /**
   * @param ledger Opened after the crash, with a clock that stands at `askedMs`.
   * @param history What was sent since the last check, by a clock that stood at `sentMs`, not after `askedMs`.
   */
  async check(ledger: Ledger, history: History, sentMs: number, askedMs: number): Promise<Verdict> {
    const lost: string[] = [];
    const differing: string[] = [];
    for (const number of history.sent) {
      const key = this.#keyOf(number);
      if (!this.#owners.has(key)) this.#owners.set(key, number);
      const answer = history.acknowledged.get(number);
      if (answer !== undefined && this.#owners.get(key) === number) this.#answers.set(number, answer);
    }

    const questions = [...this.#owners.values()].map((number) => ({ number, command: this.#question(number) }));
    const results = await Promise.all(questions.map(({ command }) => ledger.submit(command)));
    // Commands take effect in the order in which they were sent, so what happened is all up to the last that did.
    let lastHappened = Math.max(-1, ...history.acknowledged.keys());
    let happenedUnanswered = 0;
    let neverHappened = 0;
    questions.forEach(({ number }, index) => {
      const result = results[index]!;
      const told = this.#answers.get(number);
      if (result.replayed) lastHappened = Math.max(lastHappened, number);
      if (told === undefined && result.replayed) happenedUnanswered += 1;
      if (told === undefined && !result.replayed) neverHappened += 1;
      if (told === undefined) return;
      if (!result.replayed) lost.push(`${number} was answered ${told}, and is gone`);
      else if (told !== textOf(result)) lost.push(`${number} was answered ${told}, now ${textOf(result)}`);
    });

    this.#nowMs = sentMs;
    for (const number of history.sent) {
      if (number > lastHappened) break;
      const expected = await this.#memory.submit(commandAt(this.#seed, number));
      const told = history.acknowledged.get(number);
      if (told !== undefined && told !== textOf(expected)) {
        differing.push(`${number} was answered ${told}, expected ${textOf(expected)}`);
      }
    }
    this.#nowMs = askedMs;
    for (const [index, { number, command }] of questions.entries()) {
      const expected = await this.#memory.submit(command);
      if (!isDeepStrictEqual(results[index], expected)) {
        differing.push(`${number} is now answered ${textOf(results[index]!)}, expected ${textOf(expected)}`);
      }
      this.#answers.set(number, textOf(results[index]!));
    }
    for (const [account, version] of history.shown) {
      const latest = (await ledger.account(account))?.version ?? 0;
      if (latest < version) lost.push(`a reader saw entry ${version} of ${account}, and the last is ${latest}`);
    }
    const books = await this.#checkBooks(ledger, results);
    differing.push(...books.differing);
    const acknowledged = history.acknowledged.size;
    return { ...books, acknowledged, happenedUnanswered, neverHappened, lost, unopened: [], differing };
  }

  /** The entries that the ledger shows against the legs that it answered, and against the ledger in memory. */
  async #checkBooks(ledger: Ledger, results: readonly Result[]) {
    const duplicated: string[] = [];
    const halfDone: string[] = [];
    const differing: string[] = [];
    const shown = new Map<number, Leg[]>();
    for (const account of accounts) {
      const [actual, expected] = [await ledger.account(account), await this.#memory.account(account)];
      if (!isDeepStrictEqual(actual, expected))
        differing.push(`${account} is ${show(actual)}, expected ${show(expected)}`);
      const sums = { debit: 0n, credit: 0n };
      for (const { seq, side, amountMinor } of await entriesOf(ledger, account)) {
        sums[side] += amountMinor;
        shown.set(seq, [...(shown.get(seq) ?? []), { account, side, amountMinor }]);
      }
      if (sums.debit !== (actual?.debitsMinor ?? 0n) || sums.credit !== (actual?.creditsMinor ?? 0n)) {
        halfDone.push(`${account} is not the sum of its entries`);
      }
    }
    for (const result of results) {
      if (!result.ok || result.legs.length === 0) continue;
      if (!isDeepStrictEqual(shown.get(result.seq)?.map(show).sort(), result.legs.map(show).sort())) {
        halfDone.push(`entry ${result.seq} shows ${show(shown.get(result.seq))}, answered ${show(result.legs)}`);
      }
      shown.delete(result.seq);
    }
    for (const [seq, legs] of shown) duplicated.push(`entry ${seq} belongs to no id: ${show(legs)}`);
    for (const { currency, debitsMinor, creditsMinor } of await ledger.trialBalance()) {
      if (debitsMinor !== creditsMinor) halfDone.push(`${currency}: debits ${debitsMinor}, credits ${creditsMinor}`);
    }
    return { duplicated, halfDone, differing };
  }

  #keyOf(number: number): string {
    const { principal, id } = commandAt(this.#seed, number);
    return `${principal} ${id}`;
  }

  /** Sends the command again; or, for every third one that has no answer, settles its id. */
  #question(number: number): Submitted {
    const command = commandAt(this.#seed, number);
    if (this.#answers.has(number) || number % 3 > 0) return command;
    return { verb: "settle", principal: command.principal, id: command.id };
  }
}

async function entriesOf(ledger: Ledger, account: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const page = await ledger.statement(account, { afterVersion: entries.length, limit: 1000 });
    entries.push(...(page?.entries ?? []));
    if (page?.hasMore !== true) return entries;
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `${each}` : each)) ?? "nothing";
}
