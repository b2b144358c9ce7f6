import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { deposit, type Ledger, type Submission } from "@tallyline/ledger";
import { LedgerFailedError, openSqliteLedger, type SqliteLedger } from "@tallyline/ledger-sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tallyline-"));
  path = join(folder, "bank.db");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

let nowMs = 0;
const open = () => openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }], now: () => nowMs });

const terms = { verb: "open", principal: "p", currency: "USD", minBalanceMinor: null, maxBalanceMinor: null } as const;
const openAlice: Submission[] = [
  { ...terms, id: "1", account: "@cash", kind: "asset" },
  { ...terms, id: "2", account: "alice", kind: "liability" },
];
const depositToAlice = (id: string, memo = "m") =>
  deposit({ principal: "p", id, account: "alice", amountMinor: 5n, memo });

async function submitAll(ledger: Ledger, commands: readonly Submission[]) {
  return Promise.all(commands.map((command) => ledger.submit(command)));
}

/** A ledger, and the connection that it writes with. */
async function openWatched(): Promise<{ readonly ledger: SqliteLedger; readonly connection: DatabaseSync }> {
  const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
  const ledger = await open();
  const insert = prepare.mock.calls.findIndex(([sql]) => sql.startsWith("INSERT INTO segment"));
  const connection = prepare.mock.contexts[insert] as DatabaseSync;
  prepare.mockRestore();
  return { ledger, connection };
}

/** From here on a file may not grow, which SQLite answers as it does a disk without room. */
function fillDisk(connection: DatabaseSync): () => void {
  const pages = connection.prepare("PRAGMA page_count").get()!["page_count"] as number;
  connection.exec(`PRAGMA max_page_count = ${pages}`);
  return () => connection.exec("PRAGMA max_page_count = 1000000");
}

test("a commit that fails is an unknown outcome: every call rejects, then and later, until the file is opened again", async () => {
  await (await open()).close();
  const database = new DatabaseSync(path);
  database.exec(
    "CREATE TRIGGER fault BEFORE INSERT ON segment WHEN NEW.first_seq = 3 BEGIN SELECT RAISE(ABORT, 'disk on fire'); END",
  );
  database.close();
  {
    await using ledger = await open();
    await submitAll(ledger, openAlice);
    const calls = [
      ledger.submit(depositToAlice("a")),
      ledger.account("alice"),
      ledger.lookup({ principal: "p", id: "a" }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "LEDGER_FAILED", cause: { message: "disk on fire" } },
      });
    }
    await expect(ledger.submit(depositToAlice("b"))).rejects.toThrow(LedgerFailedError);
  }
  await using ledger = await open();
  expect(await ledger.account("alice")).toMatchObject({ version: 0 });
  expect(await ledger.verify()).toMatchObject({ ok: true, seq: 2 });
});

test("no answer is given before its commit", async () => {
  const { ledger: opened, connection } = await openWatched();
  await using ledger = opened;
  await submitAll(ledger, openAlice);
  const run = vi.spyOn(StatementSync.prototype, "run");
  const seen = await ledger.submit(depositToAlice("a")).then(() => ({
    statements: run.mock.contexts.map((statement) => (statement as StatementSync).sourceSQL),
    results: run.mock.results.map(({ type }) => type),
    isCommitted: !connection.isTransaction,
  }));
  expect(seen).toEqual({
    statements: ["INSERT INTO segment (first_seq, body) VALUES (?, ?)"],
    results: ["return"],
    isCommitted: true,
  });
});

test("on a full disk reads go on and answers are repeated, writes are to be sent later, and then they happen", async () => {
  const { ledger: opened, connection } = await openWatched();
  await using ledger = opened;
  await submitAll(ledger, openAlice);
  const first = await ledger.submit(depositToAlice("a"));
  const free = fillDisk(connection);

  // Large enough that no page that is there already has room for it.
  const large = Array.from({ length: 200 }, (_, index) => depositToAlice(`large-${index}`, "m".repeat(140)));
  const answers = await submitAll(ledger, [...large, depositToAlice("a")]);
  expect(new Set(answers.slice(0, 200).map((answer) => !answer.ok && answer.code))).toEqual(new Set(["STORE_FULL"]));
  expect(answers.at(-1)).toEqual({ ...first, replayed: true });
  expect(await ledger.account("alice")).toMatchObject({ creditsMinor: 5n, version: 1 });
  expect(await ledger.lookup({ principal: "p", id: "large-0" })).toBeUndefined();
  expect(await ledger.statement("alice")).toMatchObject({ closingMinor: 5n });
  expect(await ledger.verify()).toMatchObject({ ok: true, seq: 3 });

  free();
  const later = await submitAll(ledger, large);
  expect(later.map((answer) => answer.ok && answer.seq)).toEqual(large.map((_, index) => index + 4));
  expect(await ledger.verify()).toMatchObject({ ok: true, seq: 203 });
});

test("holds that are due on a full disk expire once there is room, and accounts opened in vain are not there", async () => {
  nowMs = 1000;
  const { ledger: opened, connection } = await openWatched();
  await using ledger = opened;
  await submitAll(ledger, [...openAlice, depositToAlice("a")]);
  const hold = { verb: "hold", principal: "p", from: "alice", to: "@cash" } as const;
  await ledger.submit({ ...hold, id: "h", amountMinor: 2n, expiresInMs: 500 });
  const free = fillDisk(connection);

  nowMs = 2000;
  const large = Array.from({ length: 200 }, (_, index): Submission => {
    return { ...terms, id: `large-${index}`, account: `a${index}`, kind: "liability", memo: "m".repeat(140) };
  });
  await submitAll(ledger, large);
  expect(await ledger.account("a0")).toBeUndefined();
  free();
  expect(await ledger.account("alice")).toMatchObject({ heldDebitsMinor: 0n });
  expect(await ledger.holds("alice")).toMatchObject({ holds: [] });
  expect(await submitAll(ledger, large)).toMatchObject(large.map(() => ({ ok: true })));
  expect(await ledger.verify()).toMatchObject({ ok: true });
});

test("a hold that was made and released in vain, on a full disk, is made and released once there is room", async () => {
  const { ledger: opened, connection } = await openWatched();
  await using ledger = opened;
  await submitAll(ledger, [...openAlice, depositToAlice("a")]);
  const free = fillDisk(connection);

  const memo = "m".repeat(140);
  const hold = {
    verb: "hold",
    principal: "p",
    from: "alice",
    to: "@cash",
    amountMinor: 2n,
    expiresInMs: null,
  } as const;
  const commands: Submission[] = [
    { ...hold, id: "h", memo },
    { verb: "release", principal: "p", id: "r", hold: "h" },
  ];
  const large = Array.from({ length: 200 }, (_, index) => depositToAlice(`large-${index}`, memo));
  const answers = await submitAll(ledger, [...commands, ...large]);
  expect(new Set(answers.map((answer) => !answer.ok && answer.code))).toEqual(new Set(["STORE_FULL"]));
  expect(await ledger.holds("alice")).toMatchObject({ holds: [] });

  free();
  expect(await submitAll(ledger, [...commands, ...large])).toMatchObject(
    [...commands, ...large].map(() => ({ ok: true })),
  );
  expect(await ledger.account("alice")).toMatchObject({ heldDebitsMinor: 0n });
  expect(await ledger.verify()).toMatchObject({ ok: true });
});
