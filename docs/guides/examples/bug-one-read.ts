import { createBankServer } from "@tallyline/bank";
import { createMemoryLedger } from "@tallyline/ledger";
import { createTcpFaultProxy } from "@tallyline/testkit/proxies";
import { startNaiveBank } from "./naive-bank.ts";
import { connectText } from "./say.ts";

await using naive = await startNaiveBank();
{
  await using network = await createTcpFaultProxy({ target: naive, faults: { toTarget: { stallAfterBytes: 5 } } });
  const client = await connectText(network);
  await client.say("deposit 50");
  console.log("naive, cut in two:", await client.hear());
  network.setFaults({}); // the other five bytes arrive
  console.log("naive, the rest:  ", await client.hear());
  client.leave();
}
{
  await using network = await createTcpFaultProxy({ target: naive, faults: { toTarget: { coalesceBytes: 21 } } });
  const client = await connectText(network);
  await client.say("deposit 50");
  await client.say("withdraw 30");
  console.log("naive, joined:    ", await client.hear());
  client.leave();
}

const ledger = createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now: Date.now });
await using bank = await createBankServer({ ledger, port: 0 });
for (const faults of [{ splitBytes: 1 }, { coalesceBytes: 23 }]) {
  await using network = await createTcpFaultProxy({ target: bank, faults: { toTarget: faults } });
  const client = await connectText(network);
  await client.say("deposit 50\n");
  await client.say("withdraw 30\n");
  console.log("Tallyline:        ", await client.hearLine(), await client.hearLine());
  client.leave();
}
