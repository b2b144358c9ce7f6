// What a ledger file costs: deposits a second, bytes on disk, the time to open it again, and the memory of its books.
// Run: node --expose-gc --conditions=@tallyline/source packages/ledger-sqlite/bench/reopen.ts [entries]
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deposit } from "@tallyline/ledger";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";

const count = Number(process.argv[2] ?? 200_000);
const batch = 1000;
const folder = mkdtempSync(join(tmpdir(), "tallyline-bench-"));
const options = { path: join(folder, "bench.db"), currencies: [{ code: "USD", exponent: 2 }] };
const open = {
  verb: "open",
  principal: "bench",
  currency: "USD",
  minBalanceMinor: null,
  maxBalanceMinor: null,
} as const;

const perSecond = (startMs: number) => Math.round((count / (performance.now() - startMs)) * 1000);
const usedBytes = () => {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
};

await fill();
await reopen();
rmSync(folder, { recursive: true });

async function fill(): Promise<void> {
  await using ledger = await openSqliteLedger(options);
  await ledger.submit({ ...open, id: "cash", account: "@cash", kind: "asset" });
  await ledger.submit({ ...open, id: "alice", account: "alice", kind: "liability" });
  const startMs = performance.now();
  for (let made = 0; made < count; made += batch) {
    const ids = Array.from({ length: batch }, (_, index) => `deposit-${made + index}`);
    await Promise.all(
      ids.map((id) => ledger.submit(deposit({ principal: "bench", id, account: "alice", amountMinor: 1n }))),
    );
  }
  console.log(`${count} deposits, ${batch} a commit: ${perSecond(startMs)} a second`);
}

async function reopen(): Promise<void> {
  const before = usedBytes();
  const startMs = performance.now();
  await using ledger = await openSqliteLedger(options);
  console.log(`opened again: ${perSecond(startMs)} entries a second`);
  console.log(`memory: ${Math.round((usedBytes() - before) / count)} bytes an entry`);
  console.log(`disk: ${Math.round(statSync(options.path).size / count)} bytes an entry`);
  const isSame = (await ledger.account("alice"))?.creditsMinor === BigInt(count);
  console.log(isSame ? "the books agree" : "THE BOOKS DIFFER");
}
