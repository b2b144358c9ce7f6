import { createPlainClient, createBankServer } from "@tallyline/bank";
import { createMemoryLedger } from "@tallyline/ledger";

const ledger = createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now: Date.now });
await using server = await createBankServer({ ledger, port: 0 });
await using client = createPlainClient({ port: server.port });

console.log(await client.send("deposit 0.10"));
console.log(await client.send("withdraw 5000"));
