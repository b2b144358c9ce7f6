import { createBankServer } from "@tallyline/bank";
import { createBankClient } from "@tallyline/bank/client";
import { createMemoryLedger } from "@tallyline/ledger";

const ledger = createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now: Date.now });
await using server = await createBankServer({ ledger, port: 0 });
await using client = createBankClient({ port: server.port });

const order = { account: "main", amount: "0.10", id: "my-first" };
console.log((await client.deposit(order)).kind);
console.log((await client.deposit(order)).kind); // the same id again: it happened once
console.log((await client.withdraw({ account: "main", amount: "5000" })).kind);
const balance = await client.balance("main");
console.log(balance.class === "OK" && balance.booked);
