import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createMemoryLedger, deposit, type Ledger, type Result } from "@tallyline/ledger";
import { LedgerClosedError, LedgerFailedError, LedgerOpenError, openSqliteLedger } from "@tallyline/ledger-sqlite";
import { runScenario, scenarios } from "@tallyline/ledger/scenarios";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

type Submitted = Parameters<Ledger["submit"]>[0];

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tallyline-"));
  path = join(folder, "books", "bank.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const currencies = [{ code: "USD", exponent: 2 }];
const open = (now?: () => number) => openSqliteLedger({ path, currencies, ...(now && { now }) });

const openAlice: Submitted[] = [
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

async function submitAll(ledger: Ledger, commands: readonly Submitted[]): Promise<Result[]> {
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

test("answers any commands as the in-memory ledger does, and still does after it was opened again", async () => {
  const identity = { principal: fc.constantFrom("p", "q"), id: fc.nat(30).map(String) };
  const name = fc.constantFrom("@cash", "alice", "bob");
  const command: fc.Arbitrary<Submitted> = fc.oneof(
    fc.record({ ...identity, account: name, amountMinor: fc.bigInt(0n, 20n) }).map(deposit),
    fc.record({
      verb: fc.constant("open" as const),
      ...identity,
      account: name,
      currency: fc.constant("USD"),
      kind: fc.constantFrom("asset" as const, "liability" as const),
      minBalanceMinor: fc.constantFrom(0n, null),
      maxBalanceMinor: fc.constantFrom(30n, null),
    }),
    fc.record({
      verb: fc.constant("hold" as const),
      ...identity,
      from: name,
      to: name,
      amountMinor: fc.bigInt(1n, 5n),
      expiresInMs: fc.constantFrom(null, 3, 8),
    }),
    fc.record({
      verb: fc.constant("capture" as const),
      ...identity,
      hold: identity.id,
      amountMinor: fc.constant(null),
      isFinal: fc.boolean(),
    }),
    fc.record({ verb: fc.constant("settle" as const), ...identity }),
    fc.record({
      verb: fc.constant("post" as const),
      ...identity,
      legs: fc.array(
        fc.record({
          account: name,
          side: fc.constantFrom("debit" as const, "credit" as const),
          amountMinor: fc.bigInt(1n, 3n),
        }),
      ),
    }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 80 }), async (commands) => {
      path = join(folder, `run-${run++}.db`);
      let nowMs = 0;
      const now = () => nowMs;
      const memory = createMemoryLedger({ currencies, now });
      const half = commands.length / 2;
      for (const part of [commands.slice(0, half), commands.slice(half), commands]) {
        nowMs += 5;
        await using ledger = await open(now);
        expect(await submitAll(ledger, part)).toEqual(await submitAll(memory, part));
        for (const each of ["@cash", "alice", "bob"]) {
          expect(await ledger.account(each)).toEqual(await memory.account(each));
          expect(await ledger.statement(each)).toEqual(await memory.statement(each));
        }
        expect(await ledger.trialBalance()).toEqual(await memory.trialBalance());
      }
    }),
    { numRuns: 20 },
  );
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

test("the file is readable by its owner only", async () => {
  await using ledger = await open();
  await submitAll(ledger, openAlice);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
});

test("postings and balances can be read with any SQLite shell, and history cannot be changed there", async () => {
  {
    await using ledger = await open();
    await submitAll(ledger, [...openAlice, depositToAlice("a"), depositToAlice("b")]);
  }
  behindItsBack((database) => {
    expect(database.prepare("SELECT * FROM balance").all()).toEqual([
      { account: "@cash", debits_less_credits_minor: 10 },
      { account: "alice", debits_less_credits_minor: -10 },
    ]);
    expect(() => database.exec("UPDATE posting SET amount_minor = 6")).toThrow("history is never updated");
    expect(() => database.exec("DELETE FROM journal")).toThrow("history is never deleted");
    expect(() => database.exec("INSERT INTO posting VALUES (3, 9, 'alice', 'credit', 1.5)")).toThrow(
      "cannot store REAL value",
    );
  });
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
  const times = behindItsBack((database) =>
    database.prepare("SELECT recorded_at_ms AS at FROM journal ORDER BY seq").all(),
  );
  expect(times.map(({ at }) => at)).toEqual([2000, 2000, 2000]);
});

test("a commit that fails is an unknown outcome: every call rejects, then and later, until the file is opened again", async () => {
  {
    await using ledger = await open();
    await submitAll(ledger, openAlice);
  }
  behindItsBack((database) => {
    database.exec(
      "CREATE TRIGGER fault BEFORE INSERT ON journal WHEN NEW.id = 'x' BEGIN SELECT RAISE(ABORT, 'disk on fire'); END",
    );
  });
  {
    await using ledger = await open();
    const outcomes = await Promise.allSettled([
      ledger.submit(depositToAlice("a")),
      ledger.submit(depositToAlice("x")),
      ledger.account("alice"),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "LEDGER_FAILED", cause: { message: "disk on fire" } },
      });
    }
    await expect(ledger.submit(depositToAlice("b"))).rejects.toThrow(LedgerFailedError);
  }
  await using ledger = await open();
  expect(await ledger.account("alice")).toMatchObject({ version: 0 });
});

test("closing finishes what was submitted; afterwards calls are refused, and closing again is fine", async () => {
  const ledger = await open();
  const results = submitAll(ledger, openAlice);
  await ledger.close();
  expect((await results).map((result) => result.ok)).toEqual([true, true]);
  await expect(ledger.account("alice")).rejects.toThrow(LedgerClosedError);
  await ledger.close();
});

test("a ledger whose making was cut short is made again", async () => {
  path = join(folder, "begun.db");
  behindItsBack((database) => database.exec("PRAGMA journal_mode = WAL"));
  await using ledger = await open();
  expect((await submitAll(ledger, openAlice)).every((result) => result.ok)).toBe(true);
});

test("a file can be opened without naming a currency that it keeps, and with a new one", async () => {
  {
    await using ledger = await open();
    await submitAll(ledger, openAlice);
  }
  await using ledger = await openSqliteLedger({ path, currencies: [{ code: "JPY", exponent: 0 }] });
  expect(await ledger.account("alice")).toMatchObject({ currency: "USD" });
  const emi = { ...openAlice[1]!, id: "3", account: "emi", currency: "JPY" } as Submitted;
  expect(await ledger.submit(emi)).toMatchObject({ ok: true });
});

describe("a file that cannot be a ledger is refused with what is wrong, and left as it is", () => {
  const refusal = async () => {
    const before = statSync(path).isFile() ? readFileSync(path) : undefined;
    const error = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LedgerOpenError);
    if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true);
    return error as LedgerOpenError;
  };

  test("in use by another ledger", async () => {
    await using _first = await open();
    expect(await refusal()).toMatchObject({ code: "IN_USE", message: `${path} is in use by another process` });
  });

  test("not a database", async () => {
    path = join(folder, "letter.txt");
    writeFileSync(path, "Dear bank,\n".repeat(100));
    expect(await refusal()).toMatchObject({ code: "NOT_A_LEDGER" });
  });

  test("somebody else's database", async () => {
    path = join(folder, "other.db");
    behindItsBack((database) => database.exec("CREATE TABLE recipe (name TEXT)"));
    expect(await refusal()).toMatchObject({ code: "NOT_A_LEDGER" });
  });

  test("a few bytes", async () => {
    path = join(folder, "short.db");
    writeFileSync(path, "SQLite format 3\0 and no more");
    expect(await refusal()).toMatchObject({ code: "NOT_A_LEDGER" });
  });

  test("in a folder whose own folder is missing", async () => {
    path = join(folder, "no", "such", "bank.db");
    await expect(open()).rejects.toMatchObject({ code: "CANNOT_OPEN" });
  });

  test("a folder", async () => {
    path = folder;
    expect(await refusal()).toMatchObject({ code: "CANNOT_OPEN" });
  });

  test("a later layout", async () => {
    await (await open()).close();
    behindItsBack((database) => database.exec("PRAGMA user_version = 2"));
    expect(await refusal()).toMatchObject({
      code: "VERSION_UNKNOWN",
      message: `${path} has layout 2, this version reads layout 1`,
    });
  });

  test("a currency with another exponent", async () => {
    await (await open()).close();
    const error = await openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 3 }] }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: "CURRENCIES_DIFFER",
      message: `${path} keeps USD with 2 decimals, but was opened with 3`,
    });
  });

  test.each([
    [
      "an answer was changed",
      "UPDATE journal SET code = 'INSUFFICIENT_FUNDS' WHERE seq = 3",
      "journal entry 3 says INSUFFICIENT_FUNDS, but replaying entry 3 gives OK",
    ],
    [
      "a command was changed",
      `UPDATE journal SET content = replace(content, 'alice', 'mallory') WHERE seq = 3`,
      "journal entry 3 says OK, but replaying entry 3 gives ACCOUNT_UNKNOWN",
    ],
    [
      "an entry was removed",
      "DELETE FROM posting; DELETE FROM journal WHERE seq = 2",
      "journal entry 3 says OK, but replaying entry 2 gives ACCOUNT_UNKNOWN",
    ],
    [
      "a command is not one",
      "UPDATE journal SET content = '[\"print\"]' WHERE seq = 2",
      'journal entry 2 says OK, but replaying entry 2 gives journal holds a command with the unknown verb "print"',
    ],
  ])("history in which %s", async (_what, tamper, expected) => {
    {
      await using ledger = await open();
      await submitAll(ledger, [...openAlice, depositToAlice("a")]);
    }
    behindItsBack((database) => {
      for (const table of ["journal", "posting"]) {
        database.exec(`DROP TRIGGER ${table}_is_not_updated; DROP TRIGGER ${table}_is_not_deleted`);
      }
      database.exec(tamper);
    });
    expect(await refusal()).toMatchObject({ code: "DAMAGED", message: expect.stringContaining(expected) });
  });
});
