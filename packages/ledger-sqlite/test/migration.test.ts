import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { contentOf, createMemoryLedger } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { randomCommands, RANDOM_CURRENCIES } from "@tallyline/ledger/scenarios";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tallyline-"));
  path = join(folder, "bank.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Layout 1, which had a row for each record. */
const LAYOUT_1 = `
CREATE TABLE currency (code TEXT PRIMARY KEY, exponent INTEGER NOT NULL CHECK (exponent BETWEEN 0 AND 9)) STRICT;
CREATE TABLE journal (seq INTEGER PRIMARY KEY, principal TEXT NOT NULL, id TEXT NOT NULL, recorded_at_ms INTEGER NOT NULL,
  content TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (principal, id)) STRICT;
CREATE TABLE posting (seq INTEGER NOT NULL REFERENCES journal (seq), leg INTEGER NOT NULL, account TEXT NOT NULL,
  side TEXT NOT NULL, amount_minor INTEGER NOT NULL, PRIMARY KEY (seq, leg)) STRICT, WITHOUT ROWID;
CREATE VIEW balance AS SELECT account FROM posting GROUP BY account;
CREATE TRIGGER journal_is_not_updated BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE TRIGGER posting_is_not_updated BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE TRIGGER posting_is_not_deleted BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'no'); END;
PRAGMA application_id = 1415670905;
PRAGMA user_version = 1;
`;

/** Writes a file as layout 1 had it, of commands that were all recorded. @returns the same ledger in memory. */
async function layout1() {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; ${LAYOUT_1}`);
  for (const { code, exponent } of RANDOM_CURRENCIES) {
    database.prepare("INSERT INTO currency VALUES (?, ?)").run(code, exponent);
  }
  const memory = createMemoryLedger({ currencies: RANDOM_CURRENCIES, now: () => 7 });
  const insert = database.prepare("INSERT INTO journal VALUES (?, ?, ?, 7, ?, ?)");
  let seq = 0;
  for (const { command } of randomCommands(3)) {
    const isNew = (await memory.lookup(command)) === undefined;
    const answer = await memory.submit(command);
    const { seq: lastSeq } = await memory.head();
    if (!isNew || lastSeq === seq) continue;
    seq = lastSeq;
    const { principal, id } = command;
    insert.run(seq, principal, id, contentOf(command), answer.ok ? "OK" : answer.code);
    if (seq === 500) break;
  }
  database.close();
  return memory;
}

test("a file of layout 1 becomes one of layout 2 when it is opened, with every answer and every entry", async () => {
  const memory = await layout1();
  for (const time of ["first", "second"]) {
    await using ledger = await openSqliteLedger({ path, currencies: [], now: () => 7 });
    expect(await ledger.verify(), time).toMatchObject({ ok: true, seq: 500 });
    expect(await ledger.accounts({ limit: 1000 })).toEqual(await memory.accounts({ limit: 1000 }));
    for (const { account } of (await memory.accounts({ limit: 1000 })).accounts) {
      expect(await ledger.statement(account, { limit: 1000 })).toEqual(
        await memory.statement(account, { limit: 1000 }),
      );
    }
    const found = await ledger.lookup({ principal: "bank", id: "alice" });
    expect(found?.answer).toMatchObject({ ok: true, replayed: true });
  }
});

test("a file of layout 1 that is damaged is refused, and left as it was", async () => {
  await layout1();
  const database = new DatabaseSync(path);
  database.exec("DROP TRIGGER journal_is_not_updated; UPDATE journal SET code = 'OVERFLOW' WHERE seq = 9");
  database.exec("CREATE TRIGGER journal_is_not_updated BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'no'); END");
  database.close();
  const opened = openSqliteLedger({ path, currencies: [] });
  await expect(opened).rejects.toMatchObject({
    code: "DAMAGED",
    message: expect.stringContaining("journal entry 9 says OVERFLOW"),
  });
  const left = new DatabaseSync(path);
  expect(left.prepare("SELECT count(*) AS count FROM journal").get()).toEqual({ count: 500 });
  expect(left.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  left.close();
});
