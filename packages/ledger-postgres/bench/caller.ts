// One bank server's ledger, and callers of it that send one transfer after another while they are told to: a process of
// bench/transfers.ts.
import { setTimeout as sleep } from "node:timers/promises";
import { transfer } from "@tallyline/ledger";
import { openPostgresLedger } from "@tallyline/ledger-postgres";

const [url, schema, name, ...numbers] = process.argv.slice(2) as [string, string, string, ...string[]];
const [callers = 64, accountCount = 2, isHot = 0] = numbers.map(Number);
const ledger = await openPostgresLedger({ servers: [url], schema, currencies: [{ code: "USD", exponent: 2 }] });
const state = { isOver: false, isRunning: false };
let done = 0;
let sent = 0;
const started = process.cpuUsage();

const caller = async () => {
  while (state.isRunning) {
    const from = Math.floor(Math.random() * accountCount);
    const to = isHot === 1 ? 0 : Math.floor(Math.random() * accountCount);
    if (from === to) continue;
    const id = `${name}-${(sent += 1)}`;
    const command = transfer({ principal: "bench", id, from: `c${from}`, to: `c${to}`, amountMinor: 1n });
    const answer = await ledger.submit(command);
    if (!answer.ok) throw new Error(`a transfer was refused with ${answer.code}`);
    done += 1;
  }
};
process.on("message", (message) => {
  if (message === "go") state.isRunning = true;
  if (message === "wait" || message === "stop") state.isRunning = false;
  if (message === "stop") state.isOver = true;
  if (message === "report") process.send!({ done, cpu: process.cpuUsage(started) });
});
process.send!("ready");
while (!state.isOver) {
  await Promise.all(Array.from({ length: callers }, caller));
  await sleep(10);
}
await ledger.close();
process.disconnect();
