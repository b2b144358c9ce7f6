// The books of a file, copied to a database: MIGRATION_COMMANDS=1000000 makes them as large as one likes.
import { join } from "node:path";
import type { Entry, Ledger, Submission } from "@tallyline/ledger";
import { importJournal, migrateLedger, openPostgresLedger } from "@tallyline/ledger-postgres";
import { findPostgres, startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import { exportJournal, openSqliteLedger } from "@tallyline/ledger-sqlite";
import { RANDOM_CURRENCIES, randomCommands } from "@tallyline/ledger/scenarios";
import { temporaryFolder } from "@tallyline/program/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** So many are written at once, and this makes more of them: invalid ones are not recorded. */
const COMMANDS_PER_WRITE = 8192;
const COMMAND_COUNT = Number(process.env["MIGRATION_COMMANDS"] ?? 12_000);
const SEED = 7;
const LOOKED_UP = 1000;
const PAGE = 500;

describe.skipIf(findPostgres() === undefined)("a copy of a file's books in a database", { timeout: 3_600_000 }, () => {
  let database: PostgresServer;
  const folder = temporaryFolder();
  const path = join(folder.path, "bank.db");
  let written: Written;
  beforeAll(async () => {
    [database, written] = await Promise.all([startPostgres(), writeBooks(path)]);
  }, 3_600_000);
  afterAll(async () => {
    await database?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test("answers everything that is asked of it as the file does, to the last entry", async () => {
    const server = database.url();
    await migrateLedger({ server });
    using journal = exportJournal(path);
    expect(await importJournal({ server }, journal)).toEqual(journal.head);
    expect(journal.head.seq).toBeGreaterThan(COMMANDS_PER_WRITE);
    const options = { currencies: RANDOM_CURRENCIES, now: () => written.untilMs };
    const copy = await openPostgresLedger({ ...options, servers: [server] });
    const file = await openSqliteLedger({ ...options, path });
    expect(await read(copy, written.commands)).toEqual(await read(file, written.commands));
    await Promise.all([copy.close(), file.close()]);
  });

  test("is not made of a journal in which a byte was changed, and what was there is left as it was", async () => {
    const place = { server: database.url(), schema: "damaged" };
    await migrateLedger(place);
    using journal = exportJournal(path);
    const segments = [...journal.segments];
    const at = segments.length - 3; // after some were written
    const changed = segments.toSpliced(at, 1, flip(segments[at]!));
    await expect(importJournal(place, { ...journal, segments: changed })).rejects.toMatchObject({
      code: "LEDGER_DAMAGED",
    });
    const gap = segments.toSpliced(at, 1);
    await expect(importJournal(place, { ...journal, segments: gap })).rejects.toMatchObject({ code: "LEDGER_DAMAGED" });
    const ledger = await openPostgresLedger({ servers: [place.server], schema: "damaged", currencies: [] });
    expect((await ledger.head()).seq).toBe(0);
    await ledger.close();
  });
});

interface Written {
  /** Some of the commands. */
  readonly commands: readonly Submission[];
  /** The clock at the end. */
  readonly untilMs: number;
}

/** Random commands, in commits of 1 to 100 of them. */
async function writeBooks(path: string): Promise<Written> {
  let nowMs = 1_000_000;
  const ledger = await openSqliteLedger({ path, currencies: RANDOM_CURRENCIES, now: () => nowMs });
  const sent: Submission[] = [];
  const random = randomCommands(SEED);
  let turn: Submission[] = [];
  for (let count = 1; count <= COMMAND_COUNT; count += 1) {
    const { command, afterMs } = random.next().value!;
    nowMs += afterMs;
    turn.push(command);
    if (count % LOOKED_UP === 1 || sent.length < LOOKED_UP) sent.push(command);
    if (count < COMMAND_COUNT && turn.length <= (count * 7919) % 100) continue;
    await Promise.all(turn.map((each) => ledger.submit(each)));
    turn = [];
  }
  await ledger.close();
  return { commands: sent, untilMs: nowMs };
}

/** All that a ledger can be asked: every account, entry and hold, and what became of commands. */
async function read(ledger: Ledger, commands: readonly Submission[]): Promise<object> {
  const { accounts } = await ledger.accounts({ limit: PAGE });
  const statements: Entry[][] = [];
  for (const { account } of accounts) {
    const entries: Entry[] = [];
    for (let hasMore = true; hasMore;) {
      const page = await ledger.statement(account, { afterVersion: entries.length, limit: PAGE });
      entries.push(...page!.entries);
      hasMore = page!.hasMore;
    }
    statements.push(entries);
  }
  return {
    accounts,
    statements,
    holds: await Promise.all(accounts.map(({ account }) => ledger.holds(account, { limit: PAGE }))),
    found: await Promise.all(commands.map((command) => ledger.lookup(command))),
    trialBalance: await ledger.trialBalance(),
    head: await ledger.head(),
  };
}

function flip(segment: Uint8Array): Uint8Array {
  const changed = segment.slice();
  changed[changed.length - 1]! ^= 1;
  return changed;
}
