// What one would write on node:sqlite: `insert`, a row a transfer and nothing else; `by-hand`, balances and entries too.
import { DatabaseSync } from "node:sqlite";
import { serve } from "../engine/worker.ts";
import { transfersBetween } from "./transfers.ts";

const [path, how] = process.argv.slice(2) as [string, "insert" | "by-hand"];
const ACCOUNTS = 10_000;
const next = transfersBetween(ACCOUNTS);

const database = new DatabaseSync(path);
database.exec(`
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
CREATE TABLE transfer (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source INTEGER NOT NULL, target INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT;
CREATE TABLE entry (seq INTEGER PRIMARY KEY, transfer INTEGER NOT NULL, account INTEGER NOT NULL, amount INTEGER NOT NULL, balance INTEGER NOT NULL) STRICT;
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < ${ACCOUNTS - 1}) INSERT INTO account SELECT n, 0 FROM number;`);
const insertTransfer = database.prepare("INSERT INTO transfer (id, source, target, amount) VALUES (?, ?, ?, ?)");
const change = database.prepare("UPDATE account SET balance = balance + ? WHERE id = ? RETURNING balance");
const insertEntry = database.prepare("INSERT INTO entry (transfer, account, amount, balance) VALUES (?, ?, ?, ?)");

function post(transfer: number | bigint, account: number, amountMinor: number): void {
  const { balance } = change.get(amountMinor, account) as { readonly balance: number };
  insertEntry.run(transfer, account, amountMinor, balance);
}

await serve(({ count, size }) => {
  for (let made = 0; made < count; made += size) {
    database.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < size; i += 1) {
      const { id, from, to, amountMinor } = next();
      const { lastInsertRowid } = insertTransfer.run(id, from, to, amountMinor);
      if (how === "insert") continue;
      post(lastInsertRowid, from, -amountMinor);
      post(lastInsertRowid, to, amountMinor);
    }
    database.exec("COMMIT");
  }
});
