import { createBankServer } from "@tallyline/bank";
import { createBankClient } from "@tallyline/bank/client";
import { createMemoryLedger } from "@tallyline/ledger";
import { connectTcp } from "@tallyline/tcp";
import { createTcpFaultProxy } from "@tallyline/testkit/proxies";
import { startNaiveBank } from "./naive-bank.ts";
import { connectText } from "./say.ts";

await using naive = await startNaiveBank();
{
  // The deposit gets there; the connection breaks as the answer comes back.
  await using network = await createTcpFaultProxy({ target: naive, faults: { toClient: { resetAfterBytes: 0 } } });
  const client = await connectText(network);
  await client.say("deposit 50");
  const problem = await client.hear().catch((error: Error) => error.name);
  const retry = await connectText(naive);
  await retry.say("deposit 50"); // what else could it do?
  console.log(`naive, after ${problem}: ${await retry.hear()}`);
  retry.leave();
}

const ledger = createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now: Date.now });
await using bank = await createBankServer({ ledger, port: 0 });
// The same, after the greeting, which has 55 bytes.
await using network = await createTcpFaultProxy({ target: bank, faults: { toClient: { resetAfterBytes: 60 } } });
const ports = [network.port, bank.port];
await using client = createBankClient({ connect: () => connectTcp({ host: "127.0.0.1", port: ports.shift()! }) });
const outcome = await client.deposit({ account: "main", amount: "50" });
console.log("Tallyline:", outcome.kind, "- by an earlier try:", outcome.kind === "done" && outcome.isReplayed);
const balance = await client.balance("main");
console.log("Tallyline: the balance is", balance.class === "OK" && balance.booked);
