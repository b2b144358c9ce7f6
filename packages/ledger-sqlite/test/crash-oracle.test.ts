// The crash suite is worth what its oracle is worth: an honest ledger passes, and each kind of broken promise is named.
import { createMemoryLedger, deposit, type Ledger, type Statement } from "@tallyline/ledger";
import { beforeEach, describe, expect, test } from "vitest";
import { range, serve } from "../crash/clients.ts";
import { commandAt, currencies } from "../crash/commands.ts";
import { History } from "../crash/history.ts";
import { Oracle } from "../crash/oracle.ts";
import { breaches, type Verdict } from "../crash/verdict.ts";

const book = { seed: 7, accountCount: 6 };
const sentMs = 1_000_000;
const askedMs = sentMs + 1000;

/** A ledger that keeps everything, as it is found after 100 commands. */
let ledger: Ledger;
let history: History;
let nowMs: number;
beforeEach(async () => {
  nowMs = sentMs;
  ledger = createMemoryLedger({ currencies, now: () => nowMs });
  history = new History();
  await serve(ledger, { book, count: 4, numbers: range(0, 100), tell: (line) => history.read(line) });
});

function check(found: Ledger): Promise<Verdict> {
  nowMs = askedMs;
  return new Oracle(book).check(found, history, sentMs, askedMs);
}

function broken(verdict: Verdict): string[] {
  return breaches.filter((breach) => verdict[breach].length > 0);
}

/** A ledger as it is found when only the first of the commands have survived. */
async function survivorOf(count: number): Promise<Ledger> {
  const survivor = createMemoryLedger({ currencies, now: () => nowMs });
  for (const number of range(0, count)) await survivor.submit(commandAt(book, number));
  return survivor;
}

/** A ledger that shows a statement otherwise. */
function showing(change: (statement: Statement) => Statement): Ledger {
  const statement: Ledger["statement"] = async (name, page) => {
    const shown = await ledger.statement(name, page);
    return shown && change(shown);
  };
  return { ...ledger, statement };
}

describe("the oracle of the crash suite", () => {
  test("finds nothing in a ledger that kept everything", async () => {
    const verdict = await check(ledger);
    expect(broken(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ acknowledged: 100, happenedUnanswered: 0, neverHappened: 0 });
  });

  test("finds nothing where what is gone was never answered, and counts it", async () => {
    for (const number of range(90, 100)) history.acknowledged.delete(number);
    history.shown.clear();
    const verdict = await check(await survivorOf(95));
    expect(broken(verdict)).toEqual([]);
    expect(verdict.acknowledged).toBe(90);
    expect(verdict.happenedUnanswered).toBeGreaterThan(2);
    expect(verdict.neverHappened).toBeGreaterThan(2);
  });

  test("finds an answer whose command is gone", async () => {
    const verdict = await check(await survivorOf(99));
    expect(broken(verdict)).toContain("lost");
    expect(verdict.lost[0]).toContain("99 was answered");
  });

  test("finds a receipt whose head is another now", async () => {
    const [number, { text }] = [...history.acknowledged].find(([, told]) => told.text.startsWith('{"ok":true'))!;
    history.acknowledged.set(number, { text, head: "a head that was" });
    expect(broken(await check(ledger))).toEqual(["lost"]);
  });

  test("finds what happened though its client was told to try it later", async () => {
    const [number] = [...history.acknowledged].findLast(([, { text }]) => text.includes('"legs":[{'))!;
    history.acknowledged.delete(number);
    history.read(`~ ${number}\n`);
    expect(broken(await check(ledger))).toContain("duplicated");
  });

  test("finds that a reader was shown what is gone", async () => {
    for (const number of range(90, 100)) history.acknowledged.delete(number);
    history.shown.clear();
    history.shown.set("customer-1", 1000);
    expect((await check(await survivorOf(90))).lost).toEqual([
      expect.stringContaining("a reader saw entry 1000 of customer-1"),
    ]);
  });

  test("finds a hole in what was sent, though nobody was answered", async () => {
    for (const number of range(90, 100)) history.acknowledged.delete(number);
    history.shown.clear();
    const survivor = await survivorOf(93);
    for (const number of range(94, 100)) await survivor.submit(commandAt(book, number));
    expect(broken(await check(survivor))).toEqual(["differing"]);
  });

  test("finds money that moved twice", async () => {
    await ledger.submit(deposit({ principal: "nobody", id: "again", account: "customer-1", amountMinor: 1n }));
    expect(broken(await check(ledger))).toContain("duplicated");
  });

  test("finds one leg of two", async () => {
    const verdict = await check(showing((shown) => ({ ...shown, entries: shown.entries.slice(1) })));
    expect(broken(verdict)).toContain("halfDone");
  });

  test("finds debits that are not credits", async () => {
    const trialBalance = async () => [{ currency: "USD", debitsMinor: 1n, creditsMinor: 2n }];
    expect(broken(await check({ ...ledger, trialBalance }))).toEqual(["halfDone"]);
  });

  test("finds a wrong balance in a statement", async () => {
    const wrong = (shown: Statement) =>
      shown.entries.map((entry) => ({ ...entry, balanceMinor: entry.balanceMinor + 1n }));
    expect(broken(await check(showing((shown) => ({ ...shown, entries: wrong(shown) }))))).toEqual(["differing"]);
  });
});
