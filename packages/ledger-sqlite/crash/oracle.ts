import { isDeepStrictEqual } from "node:util";
import { createMemoryLedger, type Answer, type Entry, type Ledger, type Leg } from "@tallyline/ledger";
import { accountName, commandAt, currencies, type Book, type Submitted } from "./commands.ts";
import { textOf, type History, type Told } from "./history.ts";
import { blank, type Verdict } from "./verdict.ts";

/** An id is asked for by sending its command again, or by settling it. */
interface Question {
  readonly number: number;
  readonly command: Submitted;
  readonly result: Answer;
}

/**
 * Decides whether a ledger kept its promises, from nothing but its API and what its clients know. There is one for each
 * book, for as long as the book keeps them. It asks for every id that was ever used; gives the same commands, in the
 * order in which they were sent, to a ledger in memory; and compares the two.
 */
export class Oracle {
  readonly #book: Book;
  readonly #memory: Ledger;
  #nowMs = 0;
  /** The number that used an idempotency key first. */
  readonly #owners = new Map<string, number>();
  /** What the owners were answered. */
  readonly #answers = new Map<number, Told>();

  constructor(book: Book) {
    this.#book = book;
    this.#memory = createMemoryLedger({ currencies, now: () => this.#nowMs });
  }

  /**
   * @param ledger Opened after the crash, with a clock that stands at `askedMs`.
   * @param history What was sent since the last check, by a clock that stood at `sentMs`, not after `askedMs`.
   */
  async check(ledger: Ledger, history: History, sentMs: number, askedMs: number): Promise<Verdict> {
    this.#learn(history);
    const questions = await this.#ask(ledger);
    const isAnswered = ({ number }: Question) => this.#answers.has(number);
    const unanswered = questions.filter((each) => !isAnswered(each));
    const lost = questions.filter(isAnswered).flatMap(({ number, result }) => {
      const [told, now] = [this.#answers.get(number)!, toldBy(result)];
      if (!result.replayed) return [`${number} was answered ${told.text}, and is gone`];
      const isSame = told.text === now.text && (told.head === "" || told.head === now.head);
      return isSame ? [] : [`${number} was answered ${show(told)}, and now ${show(now)}`];
    });
    for (const [account, version] of history.shown) {
      const latest = (await ledger.account(account))?.version ?? 0;
      if (latest < version) lost.push(`a reader saw entry ${version} of ${account}, and the last is ${latest}`);
    }

    const differing = await this.#follow(history, questions, sentMs, askedMs);
    for (const { number, result } of questions) this.#answers.set(number, toldBy(result));
    const books = await this.#compareBooks(ledger, questions);
    return {
      ...blank,
      ...books,
      acknowledged: history.acknowledged.size,
      happenedUnanswered: unanswered.filter(({ result }) => result.replayed).length,
      neverHappened: unanswered.filter(({ result }) => !result.replayed).length,
      lost,
      // Of a ledger that has lost something, everything after it differs.
      differing: lost.length > 0 ? [] : [...differing, ...books.differing],
    };
  }

  #learn(history: History): void {
    for (const number of history.sent) {
      const { principal, id } = commandAt(this.#book, number);
      const key = `${principal} ${id}`;
      if (!this.#owners.has(key)) this.#owners.set(key, number);
      const answer = history.acknowledged.get(number);
      if (answer !== undefined && this.#owners.get(key) === number) this.#answers.set(number, answer);
    }
  }

  /** Sends all commands again, in their order; but settles every third id that has no answer. */
  async #ask(ledger: Ledger): Promise<Question[]> {
    const asking = [...this.#owners.values()].map(async (number) => {
      const sent = commandAt(this.#book, number);
      const { principal, id } = sent;
      const isSettled = !this.#answers.has(number) && number % 3 === 0;
      const command: Submitted = isSettled ? { verb: "settle", principal, id } : sent;
      return { number, command, result: await ledger.submit(command) };
    });
    return Promise.all(asking);
  }

  /** Has the ledger in memory do what happened before the crash, and then what was asked after it. */
  async #follow(
    history: History,
    questions: readonly Question[],
    sentMs: number,
    askedMs: number,
  ): Promise<readonly string[]> {
    const differing: string[] = [];
    // Commands take effect in the order in which they were sent, so what happened is all up to the last that did.
    const happened = new Set(questions.filter(({ result }) => result.replayed).map(({ number }) => number));
    const sent = [...history.sent];
    const last = sent.findLastIndex((number) => happened.has(number) || history.acknowledged.has(number));
    this.#nowMs = sentMs;
    for (const number of sent.slice(0, last + 1)) {
      const expected = textOf(await this.#memory.submit(commandAt(this.#book, number)));
      const told = history.acknowledged.get(number)?.text ?? expected;
      if (told !== expected) differing.push(`${number} was answered ${told}, expected ${expected}`);
    }
    this.#nowMs = askedMs;
    for (const { number, command, result } of questions) {
      // A ledger in memory keeps no chain.
      const expected: Answer = { ...(await this.#memory.submit(command)), ...(result.ok && { head: result.head }) };
      if (isDeepStrictEqual(result, expected)) continue;
      differing.push(`${number} is now answered ${show(result)}, expected ${show(expected)}`);
    }
    return differing;
  }

  /** Compares the entries that the ledger shows with the legs that it answered, and with the ledger in memory. */
  async #compareBooks(
    ledger: Ledger,
    questions: readonly Question[],
  ): Promise<Pick<Verdict, "duplicated" | "halfDone" | "differing">> {
    const halfDone: string[] = [];
    const differing: string[] = [];
    const legsBySeq = new Map<number, Leg[]>();
    for (const account of Array.from({ length: this.#book.accountCount }, (_, index) => accountName(index))) {
      const [actual, entries] = [await ledger.account(account), await entriesOf(ledger, account)];
      const [expected, expectedEntries] = [await this.#memory.account(account), await entriesOf(this.#memory, account)];
      if (!isDeepStrictEqual([actual, entries], [expected, expectedEntries])) {
        differing.push(`${account} is ${show(actual)} with ${entries.length} entries, expected ${show(expected)}`);
      }
      const sums = { debit: 0n, credit: 0n };
      for (const { seq, side, amountMinor } of entries) {
        sums[side] += amountMinor;
        legsBySeq.set(seq, [...(legsBySeq.get(seq) ?? []), { account, side, amountMinor }]);
      }
      const isSum = sums.debit === (actual?.debitsMinor ?? 0n) && sums.credit === (actual?.creditsMinor ?? 0n);
      if (!isSum) halfDone.push(`${account} is not the sum of its entries`);
    }
    for (const { number, result } of questions) {
      if (!result.ok || result.legs.length === 0) continue;
      const shown = legsBySeq.get(result.seq) ?? [];
      legsBySeq.delete(result.seq);
      if (isDeepStrictEqual(shown.map(show).toSorted(), result.legs.map(show).toSorted())) continue;
      halfDone.push(`${number} posted ${show(result.legs)}, and statements show ${show(shown)}`);
    }
    for (const { currency, debitsMinor, creditsMinor } of await ledger.trialBalance()) {
      if (debitsMinor !== creditsMinor) halfDone.push(`${currency}: debits ${debitsMinor}, credits ${creditsMinor}`);
    }
    const verified = await ledger.verify();
    if (!verified.ok) differing.push(`it says itself that it is damaged at ${verified.seq}: ${verified.what}`);
    const duplicated = [...legsBySeq].map(([seq, legs]) => `entry ${seq} belongs to no id: ${show(legs)}`);
    return { duplicated, halfDone, differing };
  }
}

function toldBy(answer: Answer): Told {
  return { text: textOf(answer), head: answer.ok ? answer.head : "" };
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
