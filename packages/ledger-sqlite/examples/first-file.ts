import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { deposit, transfer } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";

const path = join(mkdtempSync(join(tmpdir(), "ledger-")), "books.db");
await using ledger = await openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });
const open = { verb: "open", principal: "me", currency: "USD", minBalanceMinor: 0n, maxBalanceMinor: null } as const;
await ledger.submit({ ...open, id: "open-1", account: "@cash", kind: "asset" });
await ledger.submit({ ...open, id: "open-2", account: "alice", kind: "liability" });
await ledger.submit({ ...open, id: "open-3", account: "bob", kind: "liability" });
await ledger.submit(deposit({ principal: "me", id: "salary", account: "alice", amountMinor: 100n }));

const rent = transfer({ principal: "me", id: "rent", from: "alice", to: "bob", amountMinor: 30n, memo: "May" });
console.log((await ledger.submit(rent)).replayed, (await ledger.submit(rent)).replayed); // once, however often it is sent
for (const { version, side, amountMinor, balanceMinor, memo } of (await ledger.statement("alice"))!.entries)
  console.log(version, side, amountMinor, balanceMinor, memo ?? "-");
