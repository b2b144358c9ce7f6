// The ledger in a file and the one in memory, given the same random commands, must answer the same: 10^5 commands from each
// of 100 seeds take about half an hour on one core.
// Run: node --conditions=@tallyline/source packages/ledger-sqlite/bench/differential.ts [commands] [seeds] [first seed]
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { compareWithMemory } from "@tallyline/ledger/scenarios";

const [commandCount = 100_000, seedCount = 100, firstSeed = 1] = process.argv.slice(2).map(Number);
// Nothing here is about durability; in memory it takes half the time.
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "tallyline-differential-"));
try {
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed += 1) {
    const path = join(folder, `seed-${seed}.db`);
    await compareWithMemory((options) => openSqliteLedger({ ...options, path }), { seed, commandCount });
    console.log(`seed ${seed}: ${commandCount} commands, no difference`);
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true });
}
