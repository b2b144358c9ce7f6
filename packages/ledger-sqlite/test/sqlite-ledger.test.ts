import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deposit, type Answer, type Ledger, type Submission } from "@tallyline/ledger";
import { LedgerClosedError, openSqliteLedger } from "@tallyline/ledger-sqlite";
import { runScenario, scenarios } from "@tallyline/ledger/scenarios";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tallyline-"));
  path = join(folder, "books", "bank.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const currencies = [{ code: "USD", exponent: 2 }];
const open = (now?: () => number) => openSqliteLedger({ path, currencies, ...(now && { now }) });

const openAlice: Submission[] = [
  {
    verb: "open",
    principal: "p",
    id: "1",
    account: "@cash",
    currency: "USD",
    kind: "asset",
    minBalanceMinor: null,
    maxBalanceMinor: null,
  },
  {
    verb: "open",
    principal: "p",
    id: "2",
    account: "alice",
    currency: "USD",
    kind: "liability",
    minBalanceMinor: 0n,
    maxBalanceMinor: null,
  },
];
const depositToAlice = (id: string) => deposit({ principal: "p", id, account: "alice", amountMinor: 5n });

async function submitAll(ledger: Ledger, commands: readonly Submission[]): Promise<Answer[]> {
  return Promise.all(commands.map((command) => ledger.submit(command)));
}

/** Reads or changes the file behind the ledger's back, while no ledger has it open. */
function behindItsBack<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

describe("the SQLite ledger", () => {
  test.each(scenarios)("$name", async (scenario) => {
    await runScenario((options) => openSqliteLedger({ path, ...options }), scenario);
  });
});

test("a read that follows a command sees it, before either is awaited", async () => {
  await using ledger = await open();
  const results = submitAll(ledger, [...openAlice, depositToAlice("a")]);
  const alice = ledger.account("alice");
  expect(await alice).toMatchObject({ creditsMinor: 5n, version: 1 });
  expect((await results).every((result) => result.ok)).toBe(true);
});

test("commands of one turn beyond the size of a commit are all executed, in order", async () => {
  await using ledger = await open();
  await submitAll(ledger, openAlice);
  const results = await submitAll(
    ledger,
    Array.from({ length: 5000 }, (_, index) => depositToAlice(`d${index}`)),
  );
  expect(results.map((result) => result.ok && result.seq)).toEqual(
    Array.from({ length: 5000 }, (_, index) => index + 3),
  );
});

test("accounts that changed since their page was saved are redone when the file is opened", async () => {
  // Three pages of accounts, of which one is saved at a time.
  const names = Array.from({ length: 2100 }, (_, index) => `a${index}`);
  const deposits = names.map((account, index) =>
    deposit({ principal: "p", id: `d${index}`, account, amountMinor: BigInt(1 + index) }),
  );
  {
    await using ledger = await open();
    await submitAll(ledger, openAlice);
    await submitAll(
      ledger,
      names.map((account) => ({ ...openAlice[1]!, id: account, account }) as Submission),
    );
    await submitAll(ledger, deposits);
  }
  await using ledger = await open();
  const balances = await Promise.all(names.map(async (name) => (await ledger.account(name))?.creditsMinor));
  expect(balances).toEqual(names.map((_, index) => BigInt(1 + index)));
  expect(await ledger.verify()).toMatchObject({ ok: true, seq: 4202 });
});

test("the file is readable by its owner only", async () => {
  await using ledger = await open();
  await submitAll(ledger, openAlice);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
});

test("statements and balances can be read with any SQLite shell, and history cannot be changed there", async () => {
  {
    await using ledger = await open();
    await submitAll(ledger, [...openAlice, { ...depositToAlice("a"), memo: "salary" }, depositToAlice("b")]);
  }
  behindItsBack((database) => {
    expect(database.prepare("SELECT account, balance_minor FROM balance ORDER BY account").all()).toEqual([
      { account: "@cash", balance_minor: 10 },
      { account: "alice", balance_minor: 10 },
    ]);
    expect(database.prepare("SELECT version, amount_minor, memo FROM statement WHERE account = 'alice'").all()).toEqual(
      [
        { version: 1, amount_minor: 5, memo: "salary" },
        { version: 2, amount_minor: 5, memo: null },
      ],
    );
    expect(() => database.exec("UPDATE entry SET amount_minor = 6")).toThrow("history is never updated");
    expect(() => database.exec("DELETE FROM segment")).toThrow("history is never deleted");
    expect(() => database.exec("INSERT INTO entry VALUES (5, 1, 3, 4, 'C', 1.5, 1, 4)")).toThrow(
      "cannot store REAL value",
    );
    expect(() => database.exec("INSERT INTO entry VALUES (5, 1, 3, 4, 'C', 0, 1, 4)")).toThrow("CHECK constraint");
  });
});

test("the tables show what was committed within a second", async () => {
  await using ledger = await open();
  await submitAll(ledger, [...openAlice, depositToAlice("a")]);
  await vi.waitFor(
    () => {
      expect(behindItsBack((database) => database.prepare("SELECT count(*) AS count FROM entry").get())).toEqual({
        count: 2,
      });
    },
    { timeout: 20_000, interval: 100 },
  );
});

test("entries' times never go back when the clock does", async () => {
  let nowMs = 2000;
  {
    await using ledger = await open(() => nowMs);
    await submitAll(ledger, openAlice);
  }
  nowMs = 1000;
  {
    await using ledger = await open(() => nowMs);
    await submitAll(ledger, [depositToAlice("a")]);
  }
  const times = behindItsBack((database) => database.prepare("SELECT at_ms AS at FROM command ORDER BY seq").all());
  expect(times.map(({ at }) => at)).toEqual([2000, 2000, 2000]);
});

test("a receipt names the segment that holds it, for ever, and the head of the journal is that of the last one", async () => {
  let receipt: Answer;
  {
    await using ledger = await open();
    const answers = await submitAll(ledger, openAlice);
    receipt = await ledger.submit(depositToAlice("a"));
    const heads = answers.map((answer) => answer.ok && answer.head);
    expect(heads[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(heads[1]).toBe(heads[0]); // one turn, one segment
    expect(await ledger.head()).toEqual({ seq: 3, head: receipt.ok && receipt.head });
    expect(receipt.ok && receipt.head).not.toBe(heads[0]);
  }
  await using ledger = await open();
  expect(await ledger.submit(depositToAlice("a"))).toEqual({ ...receipt, replayed: true });
  await submitAll(ledger, [depositToAlice("b")]);
  expect(await ledger.submit(depositToAlice("a"))).toEqual({ ...receipt, replayed: true });
});

test("what waits is bounded: beyond it commands are to be sent later, and reads reject", async () => {
  await using ledger = await open();
  await submitAll(ledger, openAlice);
  const waiting = Array.from({ length: 65_536 }, () => ledger.preview(depositToAlice("a")));
  expect(await ledger.submit(depositToAlice("b"))).toEqual({ ok: false, code: "STORE_BUSY", replayed: false });
  await expect(ledger.account("alice")).rejects.toMatchObject({ name: "StoreInterruptedError", code: "STORE_BUSY" });
  await Promise.all(waiting);
  expect(await ledger.submit(depositToAlice("b"))).toMatchObject({ ok: true });
});

test("closing finishes what was submitted; afterwards calls are refused, and closing again is fine", async () => {
  const ledger = await open();
  const results = submitAll(ledger, openAlice);
  await ledger.close();
  expect((await results).map((result) => result.ok)).toEqual([true, true]);
  await expect(ledger.account("alice")).rejects.toThrow(LedgerClosedError);
  await ledger.close();
});

test("a file can be opened without naming a currency that it keeps, and with a new one", async () => {
  {
    await using ledger = await open();
    await submitAll(ledger, openAlice);
  }
  await using ledger = await openSqliteLedger({ path, currencies: [{ code: "JPY", exponent: 0 }] });
  expect(await ledger.account("alice")).toMatchObject({ currency: "USD" });
  const emi = { ...openAlice[1]!, id: "3", account: "emi", currency: "JPY" } as Submission;
  expect(await ledger.submit(emi)).toMatchObject({ ok: true });
});
