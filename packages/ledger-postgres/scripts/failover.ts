// Kills the primary under 16 clients, promotes its standby, and counts what was acknowledged and is lost: with a synchronous
// standby, and then, as a control, with an asynchronous one. A round takes some five seconds.
// Run: node --conditions=@tallyline/source packages/ledger-postgres/scripts/failover.ts [rounds] [rounds of the control]
import { FailoverPair } from "../test/failover.ts";

const [rounds = 50, controlRounds = 50] = process.argv.slice(2).map(Number);
const lost = await play(true, rounds);
const lostByControl = await play(false, controlRounds);
if (lost > 0) process.exitCode = 1;
if (controlRounds > 0 && lostByControl === 0) {
  console.log("the control lost nothing: this run has not shown that it would have found a loss");
  process.exitCode = 1;
}

async function play(isSynchronous: boolean, count: number): Promise<number> {
  const total = { acknowledged: 0, lost: 0, unknown: 0, unknownButDone: 0, acknowledgedByOldPrimary: 0 };
  const kind = isSynchronous ? "synchronous" : "asynchronous";
  if (count === 0) return 0;
  await using pair = await FailoverPair.start({ isSynchronous, seed: count });
  for (let round = 1; round <= count; round += 1) {
    const counts = await pair.failOver();
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name];
    console.log(`${kind} ${round}/${count}:`, JSON.stringify(counts));
  }
  if (isSynchronous) await pair.check();
  console.log(`${kind}, ${count} rounds:`, JSON.stringify(total));
  return total.lost + total.acknowledgedByOldPrimary;
}
