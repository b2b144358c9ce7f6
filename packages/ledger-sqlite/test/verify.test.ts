import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { transfer, type Submission } from "@tallyline/ledger";
import { backupLedger, openSqliteLedger, restoreLedger, verifyLedgerFile } from "@tallyline/ledger-sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tallyline-"));
  path = join(folder, "bank.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });
const terms = { verb: "open", principal: "p", currency: "USD", minBalanceMinor: null, maxBalanceMinor: null } as const;
const move = (id: string) => transfer({ principal: "p", id, from: "alice", to: "bob", amountMinor: 5n });

/** Each in a segment of its own. */
const history: readonly Submission[] = [
  { ...terms, id: "o1", account: "alice", kind: "liability", owner: "alice", metadata: { tier: "gold" } },
  { ...terms, id: "o2", account: "bob", kind: "liability" },
  move("a"),
  move("b"),
  { verb: "hold", principal: "p", id: "h1", from: "alice", to: "bob", amountMinor: 1n, expiresInMs: null },
  { verb: "hold", principal: "p", id: "h2", from: "alice", to: "bob", amountMinor: 2n, expiresInMs: null },
  { verb: "release", principal: "p", id: "r", hold: "h1" },
  { verb: "reverse", principal: "p", id: "v", entry: "a" },
  { verb: "capture", principal: "p", id: "c", hold: "none", amountMinor: null, isFinal: true },
];

async function fill(commands: readonly Submission[] = history): Promise<void> {
  await using ledger = await open();
  for (const command of commands) await ledger.submit(command);
}

function tamper(sql: string): void {
  const database = new DatabaseSync(path);
  const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  database.exec("PRAGMA ignore_check_constraints = ON");
  database.exec(sql);
  database.close();
}

/** Changes a text in a segment, and makes its checksum right again. */
function forge(firstSeq: number, change: (body: Buffer) => void, fix: (body: Buffer) => void = () => {}): void {
  const database = new DatabaseSync(path);
  database.exec("DROP TRIGGER segment_is_not_updated");
  const row = database.prepare("SELECT body FROM segment WHERE first_seq = ?").get(firstSeq)!;
  const body = Buffer.from(row["body"] as Uint8Array);
  change(body);
  fix(body);
  database.prepare("UPDATE segment SET body = ? WHERE first_seq = ?").run(body, firstSeq);
  database.close();
}

const { crc32 } = await import("node:zlib");
const rightChecksum = (body: Buffer) => body.writeUInt32LE(crc32(body.subarray(8)), 4);
const replace = (from: string, to: string) => (body: Buffer) => {
  body.write(to, body.indexOf(from), "latin1");
};

test("a ledger verifies, open or closed, and says where it ends", async () => {
  const progress: unknown[] = [];
  {
    await using ledger = await open();
    for (const command of history) await ledger.submit(command);
    expect(await ledger.verify({ onProgress: (each) => progress.push(each) })).toEqual({
      ok: true,
      ...(await ledger.head()),
    });
  }
  expect(progress.at(-1)).toEqual({ seq: 9, lastSeq: 9 });
  expect(await verifyLedgerFile(path)).toMatchObject({ ok: true, seq: 9 });
});

describe("verifying names the first place", () => {
  test("where a segment's bytes changed", async () => {
    await fill();
    forge(3, replace("alice", "alicf"));
    expect(await verifyLedgerFile(path)).toEqual({
      ok: false,
      seq: 3,
      what: "a segment's checksum is not that of its bytes",
    });
  });

  test("where a segment was changed, checksum and all: the next one does not link to it", async () => {
    await fill();
    forge(1, replace("gold", "lead"), rightChecksum);
    tamper(`UPDATE account SET metadata = '{"tier":"lead"}' WHERE name = 'alice'`);
    expect(await verifyLedgerFile(path)).toEqual({
      ok: false,
      seq: 2,
      what: "a segment does not link to the one before it",
    });
  });

  test("where a segment says what its command does not come to", async () => {
    await fill([...history, move("z")]);
    forge(10, (body) => body.writeUInt8(body.at(-1)! + 1, body.length - 1), rightChecksum);
    expect(await verifyLedgerFile(path)).toMatchObject({ ok: false, seq: 10 });
  });

  test("where a segment is missing", async () => {
    await fill();
    tamper("DELETE FROM segment WHERE first_seq = 4");
    expect(await verifyLedgerFile(path)).toEqual({ ok: false, seq: 4, what: "the next segment begins at 5" });
  });

  test("where ids would not be found again", async () => {
    await fill();
    tamper("DELETE FROM id_run");
    expect(await verifyLedgerFile(path)).toEqual({ ok: false, seq: 1, what: "the table id_run says otherwise" });
  });

  test.each([
    ["UPDATE entry SET balance_minor = 99 WHERE position = 3", 4, "the table entry says otherwise at position 3"],
    ["UPDATE entry SET previous = 0 WHERE position = 3", 4, "the table entry says otherwise at position 3"],
    ["DELETE FROM entry WHERE position = 1", 3, "the table entry says otherwise at position 1"],
    ["INSERT INTO entry VALUES (7, 0, 4, 8, 'D', 1, 0, 0)", 10, "the table entry goes on after the journal"],
    ["UPDATE command SET refusal = 'OVERFLOW' WHERE seq = 3", 3, "the table command says otherwise"],
    ["UPDATE command SET id = 'x' WHERE seq = 2", 2, "the table command says otherwise"],
    ["UPDATE account SET owner = 'mallory' WHERE name = 'alice'", 1, "the table account says otherwise"],
    ["UPDATE account_change SET min_balance_minor = 0 WHERE seq = 2", 2, "the table account_change says otherwise"],
    ["DELETE FROM ended_hold", 7, "the table ended_hold says otherwise"],
    ["INSERT INTO ended_hold VALUES (6, 8)", 10, "the table ended_hold has 2 rows, the journal makes 1"],
    ["DELETE FROM reversal", 8, "the table reversal says otherwise"],
    ["DELETE FROM open_hold", 9, "the table open_hold is not what the journal makes it"],
    [
      "UPDATE account_page SET body = zeroblob(length(body)); UPDATE state SET redo_seq = projected_seq + 1",
      9,
      "account alice is opened with another balance than its entries make",
    ],
  ])("where a table was changed: %s", async (sql, seq, what) => {
    await fill();
    {
      // Saves the page of accounts, and so what opening the file begins with.
      await using _ledger = await open();
    }
    tamper(sql);
    expect(await verifyLedgerFile(path)).toEqual({ ok: false, seq, what });
  });
});

test("a file is not opened whose journal does not fit together where it is read", async () => {
  await fill();
  forge(9, replace("none", "nine"));
  tamper("UPDATE state SET redo_seq = 1");
  await expect(open()).rejects.toMatchObject({
    code: "DAMAGED",
    message: `${path} is damaged at 9: a segment's checksum is not that of its bytes`,
  });
});

test("a file is not opened where a segment that it begins with does not link to the one before", async () => {
  await fill();
  forge(2, replace("bob", "bab"), rightChecksum);
  tamper("UPDATE state SET redo_seq = 3");
  await expect(open()).rejects.toMatchObject({
    code: "DAMAGED",
    message: `${path} is damaged at 3: a segment does not link to the one before it`,
  });
});

test("a record that is damaged is found when its id is asked for, and the ledger answers nothing more", async () => {
  await fill();
  forge(3, replace("alice", "alicf"));
  tamper("UPDATE state SET redo_seq = projected_seq + 1"); // so that opening does not read it
  await using ledger = await open();
  await expect(ledger.submit(move("a"))).rejects.toMatchObject({ code: "LEDGER_DAMAGED", seq: 3 });
  await expect(ledger.account("alice")).rejects.toMatchObject({ code: "LEDGER_DAMAGED" });
});

describe("a backup", () => {
  test("is made while the ledger goes on, is one private file, verifies, and is restored as the same ledger", async () => {
    await using ledger = await open();
    for (const command of history) await ledger.submit(command);
    const head = await ledger.head();
    const copy = join(folder, "copy.db");
    const copied: number[] = [];
    const copying = ledger.backup(copy, { onProgress: ({ copiedPages }) => copied.push(copiedPages) });
    for (let count = 0; count < 50; count += 1) await ledger.submit(move(`later-${count}`));
    await copying;

    expect(copied.length).toBeGreaterThan(0);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(await verifyLedgerFile(copy)).toMatchObject({ ok: true });
    expect(existsSync(`${copy}-wal`)).toBe(false);

    const restored = join(folder, "restored.db");
    const { seq } = await restoreLedger(copy, restored);
    expect(seq).toBeGreaterThanOrEqual(head.seq);
    await using again = await openSqliteLedger({ path: restored, currencies: [] });
    expect(await again.submit(move("a"))).toMatchObject({ ok: true, replayed: true, seq: 3 });
    expect(await again.submit(move("new"))).toMatchObject({ ok: true, seq: seq + 1 });
  });

  test("never overwrites anything", async () => {
    await fill();
    const target = join(folder, "precious.txt");
    writeFileSync(target, "precious");
    const expected = { code: "TARGET_EXISTS", message: `${target} is there already` };
    await expect(backupLedger(path, target)).rejects.toMatchObject(expected);
    await expect(restoreLedger(path, target)).rejects.toMatchObject(expected);
    expect(readFileSync(target, "utf8")).toBe("precious");
    writeFileSync(join(folder, "gone.db-wal"), "all that is left");
    await expect(restoreLedger(path, join(folder, "gone.db"))).rejects.toMatchObject({ code: "TARGET_EXISTS" });
  });

  test("is not restored when it is damaged, and not made of what is no ledger", async () => {
    await fill();
    forge(3, replace("alice", "alicf"));
    const target = join(folder, "restored.db");
    await expect(restoreLedger(path, target)).rejects.toMatchObject({ code: "DAMAGED" });
    expect(existsSync(target)).toBe(false);
    await expect(backupLedger(join(folder, "nothing.db"), target)).rejects.toMatchObject({ code: "CANNOT_OPEN" });
    const letter = join(folder, "letter.txt");
    writeFileSync(letter, "Dear bank,\n".repeat(100));
    await expect(backupLedger(letter, target)).rejects.toMatchObject({ code: "CANNOT_OPEN" });
  });

  test("leaves nothing behind where it cannot be written", async () => {
    await fill();
    const target = join(folder, "no-such-folder", "copy.db");
    await expect(backupLedger(path, target)).rejects.toMatchObject({ code: "COPY_FAILED" });
    expect(existsSync(`${target}.part`)).toBe(false);
  });
});
