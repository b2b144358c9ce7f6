import { deposit } from "@tallyline/ledger";
import { migrateLedger, openPostgresLedger } from "@tallyline/ledger-postgres";
import { startPostgres } from "@tallyline/ledger-postgres/testing";

await using server = await startPostgres(); // a server for the example; yours has a URL already
await migrateLedger({ server: server.url() });
const options = { servers: [server.url()], currencies: [{ code: "USD", exponent: 2 }] };
await using ledger = await openPostgresLedger(options);
const open = { verb: "open", principal: "me", currency: "USD", minBalanceMinor: 0n, maxBalanceMinor: null } as const;
await ledger.submit({ ...open, id: "1", account: "@cash", kind: "asset" });
await ledger.submit({ ...open, id: "2", account: "alice", kind: "liability" });

await using other = await openPostgresLedger(options); // another process, on another machine
const salary = deposit({ principal: "me", id: "salary", account: "alice", amountMinor: 100n });
console.log((await ledger.submit(salary)).replayed, (await other.submit(salary)).replayed); // once, whoever is asked
console.log((await other.account("alice"))?.creditsMinor, (await other.verify()).ok);
