import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBankServer } from "@tallyline/bank";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { startNaiveBank } from "./naive-bank.ts";
import { connectText } from "./say.ts";

for (const command of ["deposit 50", "check_balance"]) {
  await using naive = await startNaiveBank(); // the second time, it was started again
  const client = await connectText(naive);
  await client.say(command);
  console.log("naive:    ", await client.hear());
  client.leave();
}

const folder = mkdtempSync(join(tmpdir(), "bank-"));
for (const command of ["deposit 50\n", "check_balance\n"]) {
  const path = join(folder, "bank.db");
  await using ledger = await openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });
  await using bank = await createBankServer({ ledger, port: 0 });
  const client = await connectText(bank);
  await client.say(command);
  console.log("Tallyline:", await client.hearLine());
  client.leave();
}
rmSync(folder, { recursive: true });
