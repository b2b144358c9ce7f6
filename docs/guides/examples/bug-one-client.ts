import { createBankServer } from "@tallyline/bank";
import { createMemoryLedger } from "@tallyline/ledger";
import { startNaiveBank } from "./naive-bank.ts";
import { connectText } from "./say.ts";

await using naive = await startNaiveBank();
{
  const first = await connectText(naive);
  await first.say("check_balance");
  await first.hear(); // it is being served
  const second = await connectText(naive);
  await second.say("check_balance");
  let heard = "nothing";
  const answer = second.hear().then((text) => (heard = text));
  for (let times = 0; times < 100; times += 1) {
    await first.say("check_balance");
    await first.hear();
  }
  console.log("naive: the first was answered 100 times more, and the second has heard", heard);
  first.leave();
  console.log("naive: the first has left, and the second has heard", await answer);
  second.leave();
}

const ledger = createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now: Date.now });
await using bank = await createBankServer({ ledger, port: 0 });
const first = await connectText(bank);
await first.say("check_balance\n");
await first.hearLine();
const second = await connectText(bank);
await second.say("check_balance\n");
console.log("Tallyline: the first is still there, and the second has heard", await second.hearLine());
first.leave();
second.leave();
