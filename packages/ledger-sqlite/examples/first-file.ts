import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { deposit } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";

const path = join(mkdtempSync(join(tmpdir(), "ledger-")), "books.db");
const open = { verb: "open", principal: "me", currency: "USD", minBalanceMinor: null, maxBalanceMinor: null } as const;

for (const day of ["Monday", "Tuesday"]) {
  await using ledger = await openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });
  await ledger.submit({ ...open, id: "open-1", account: "@cash", kind: "asset" });
  await ledger.submit({ ...open, id: "open-2", account: "alice", kind: "liability" });
  await ledger.submit(deposit({ principal: "me", id: "salary", account: "alice", amountMinor: 100n }));
  console.log(day, (await ledger.account("alice"))?.creditsMinor);
}
