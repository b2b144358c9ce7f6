// The ledger on a file, with so many accounts and, before it is measured, so many transfers.
import { transfer, type Answer } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { serve, type Work } from "../engine/worker.ts";
import { transfersBetween } from "./transfers.ts";

const [path, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [accounts = 10_000, transfers = 0] = numbers.map(Number);
const COMMIT = 1000;

const ledger = await openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });
const next = transfersBetween(accounts);
const accountOf = (number: number) => `acct${String(number).padStart(8, "0")}`;

async function make({ count, size }: Work): Promise<void> {
  for (let made = 0; made < count; made += size) await commit(size);
}

/** Counts the answers. `Promise.all` holds on to a batch and all that came of it, and what that costs would be the ledger's. */
function commit(size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let waiting = size;
    const answered = ({ ok }: Answer): void => {
      waiting -= 1;
      if (!ok) reject(new Error("a transfer was refused"));
      else if (waiting === 0) resolve();
    };
    for (let index = 0; index < size; index += 1) {
      const { id, from, to, amountMinor } = next();
      const movement = { from: accountOf(from), to: accountOf(to), amountMinor: BigInt(amountMinor) };
      ledger.submit(transfer({ principal: "bench", id, ...movement })).then(answered, reject);
    }
  });
}

const terms = {
  verb: "open",
  principal: "bench",
  currency: "USD",
  kind: "liability",
  minBalanceMinor: null,
  maxBalanceMinor: null,
} as const;
for (let opened = 0; opened < accounts; opened += COMMIT) {
  const names = Array.from({ length: COMMIT }, (_, index) => accountOf(opened + index));
  await Promise.all(names.map((account) => ledger.submit({ ...terms, id: account, account })));
}
await make({ count: transfers, size: COMMIT });
await serve(make, 1200); // within a second of rest, it writes the rows that it has put off
