import { deposit, transfer } from "@tallyline/ledger";
import { migrateLedger, openPostgresLedger } from "@tallyline/ledger-postgres";
import { startPostgres } from "@tallyline/ledger-postgres/testing";

await using server = await startPostgres(); // a server for the example; yours has a URL already
await migrateLedger({ server: server.url() });
const options = { servers: [server.url()], currencies: [{ code: "USD", exponent: 2 }] };
await using ledger = await openPostgresLedger(options);
const open = { verb: "open", principal: "me", currency: "USD", minBalanceMinor: 0n, maxBalanceMinor: null } as const;
await ledger.submit({ ...open, id: "open-1", account: "@cash", kind: "asset" });
await ledger.submit({ ...open, id: "open-2", account: "alice", kind: "liability" });
await ledger.submit({ ...open, id: "open-3", account: "bob", kind: "liability" });
await ledger.submit(deposit({ principal: "me", id: "salary", account: "alice", amountMinor: 100n }));

await using other = await openPostgresLedger(options); // another process, on another machine
const rent = transfer({ principal: "me", id: "rent", from: "alice", to: "bob", amountMinor: 30n });
console.log((await ledger.submit(rent)).replayed, (await other.submit(rent)).replayed); // once, whoever is asked
console.log((await other.account("bob"))?.creditsMinor, (await other.verify()).ok);
