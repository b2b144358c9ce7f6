import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { deposit, transfer } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";

const path = join(mkdtempSync(join(tmpdir(), "ledger-")), "books.db");
await using ledger = await openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });
const open = { verb: "open", principal: "me", currency: "USD", minBalanceMinor: 0n, maxBalanceMinor: null } as const;
await ledger.submit({ ...open, id: "1", account: "@cash", kind: "asset" });
await ledger.submit({ ...open, id: "2", account: "alice", kind: "liability" });
await ledger.submit(deposit({ principal: "me", id: "salary", account: "alice", amountMinor: 100n }));

const refund = transfer({ principal: "me", id: "refund", from: "alice", to: "@cash", amountMinor: 30n });
console.log((await ledger.submit(refund)).replayed, (await ledger.submit(refund)).replayed); // once, however often
console.log((await ledger.statement("alice"))!.entries.map((entry) => `${entry.side} ${entry.amountMinor}`));
