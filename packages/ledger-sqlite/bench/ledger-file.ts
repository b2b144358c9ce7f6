// What a ledger file costs as its books grow to a million accounts and millions of transfers: CPU with ids in the order of
// time and with random ones, bytes on disk, memory an account, and the time to open it again. `bench:ledger` and
// `bench:growth` are beside it, and beside SQLite.
//
// Compare CPU, not time: other programs take the processor, and the disk is theirs, too. Each figure is the cheapest of
// several slices, and the ratios are of CPU.
// Run: node --expose-gc --conditions=@tallyline/source packages/ledger-sqlite/bench/ledger-file.ts [growth,opening] [transfers, 5000000] [accounts, 1000000]
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transfer, type Submission } from "@tallyline/ledger";
import { openSqliteLedger, verifyLedgerFile, type SqliteLedger } from "@tallyline/ledger-sqlite";

const parts = (process.argv[2] ?? "growth,opening").split(",");
const transferCount = Number(process.argv[3] ?? 5_000_000);
const accountCount = Number(process.argv[4] ?? 1_000_000);
const folder = mkdtempSync(join(process.env["BENCH_FOLDER"] ?? tmpdir(), "tallyline-bench-"));
const currencies = [{ code: "USD", exponent: 2 }];
const SLICE = 100_000;

const accountOf = (number: number) => `acct${String(number).padStart(8, "0")}`;
/** Ten characters of time and sixteen that are random, as a ULID has. */
const orderedId = (number: number) => `01JX9Z6K3M${String(number).padStart(16, "0")}`;
const randomId = () => randomBytes(13).toString("hex");
let random = 1;
const below = (bound: number) =>
  Math.floor(((random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32) * bound);

try {
  if (parts.includes("growth")) await measureGrowth();
  if (parts.includes("opening")) await measureOpening();
} finally {
  rmSync(folder, { recursive: true });
}

async function measureGrowth(): Promise<void> {
  const path = join(folder, "growth.db");
  await using ledger = await openSqliteLedger({ path, currencies });
  const before = usedBytes();
  await openAccounts(ledger, accountCount);
  console.log(`memory: ${Math.round((usedBytes() - before) / accountCount)} bytes an account, of ${accountCount}`);

  let number = 0;
  const nextId = () => orderedId(number++);
  await run(ledger, SLICE, 1000, accountCount, nextId);
  const stages = [0, transferCount / 5, transferCount];
  let first: { readonly ordered: Cost; readonly random: Cost } | undefined;
  for (const stage of stages) {
    const bytes = statSync(path).size;
    const start = number;
    for (let made = start; made < stage; made += SLICE) await run(ledger, SLICE, 1000, accountCount, nextId);
    if (number > start) {
      console.log(`disk: ${Math.round((statSync(path).size - bytes) / (number - start))} bytes a transfer`);
    }
    const ordered: Cost[] = [];
    const randomly: Cost[] = [];
    for (let slice = 0; slice < 4; slice += 1) {
      ordered.push(await run(ledger, SLICE, 1000, accountCount, nextId));
      randomly.push(await run(ledger, SLICE, 1000, accountCount, randomId));
    }
    const costs = { ordered: cheapest(ordered), random: cheapest(randomly) };
    first ??= costs;
    print(`after ${stage}, ids in order`, costs.ordered, first.ordered);
    print(`after ${stage}, random ids`, costs.random, first.ordered);
  }
}

async function measureOpening(): Promise<void> {
  const path = join(folder, "opening.db");
  {
    await using ledger = await openSqliteLedger({ path, currencies });
    await openAccounts(ledger, 10_000);
    const bytes = statSync(path).size;
    let number = 0;
    await run(ledger, 1_000_000, 1000, 10_000, () => orderedId(number++));
    await ledger.close();
    console.log(`disk: ${Math.round((statSync(path).size - bytes) / 1_000_000)} bytes a transfer`);
  }
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  await using ledger = await openSqliteLedger({ path, currencies });
  const ms = Math.round(performance.now() - startMs);
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = Math.round((user + system) / 1000);
  console.log(`opened again, 1000000 transfers and 10000 accounts: ${ms} ms, ${cpuMs} ms of CPU`);
  await ledger.close();
  const verifyStartMs = performance.now();
  const verification = await verifyLedgerFile(path);
  console.log(
    `verified in ${Math.round(performance.now() - verifyStartMs)} ms: ${verification.ok ? "all is well" : verification.what}`,
  );
}

interface Cost {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

async function run(
  ledger: SqliteLedger,
  count: number,
  size: number,
  accounts: number,
  nextId: () => string,
): Promise<Cost> {
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  for (let made = 0; made < count; made += size) {
    const commands: Submission[] = [];
    for (let index = 0; index < size; index += 1) {
      const from = below(accounts);
      const to = (from + 1 + below(accounts - 1)) % accounts;
      const amountMinor = BigInt(1 + below(10_000));
      commands.push(
        transfer({ principal: "bench", id: nextId(), from: accountOf(from), to: accountOf(to), amountMinor }),
      );
    }
    const answers = await Promise.all(commands.map((command) => ledger.submit(command)));
    if (!answers.every(({ ok }) => ok)) throw new Error("a transfer was refused");
  }
  const { user, system } = process.cpuUsage(cpu);
  const cpuMicroseconds = (user + system) / count;
  return { perSecond: (count / (performance.now() - startMs)) * 1000, cpuMicroseconds };
}

async function openAccounts(ledger: SqliteLedger, count: number): Promise<void> {
  const terms = {
    verb: "open",
    principal: "bench",
    currency: "USD",
    kind: "liability",
    minBalanceMinor: null,
    maxBalanceMinor: null,
  } as const;
  for (let opened = 0; opened < count; opened += 1000) {
    const commands = Array.from({ length: 1000 }, (_, index) => accountOf(opened + index));
    await Promise.all(commands.map((account) => ledger.submit({ ...terms, id: account, account })));
  }
}

function cheapest(costs: readonly Cost[]): Cost {
  return costs.reduce((best, each) => (each.cpuMicroseconds < best.cpuMicroseconds ? each : best));
}

function print(what: string, { perSecond, cpuMicroseconds }: Cost, base: Cost): void {
  const ratio = (cpuMicroseconds / base.cpuMicroseconds).toFixed(2);
  console.log(
    `${what}: ${Math.round(perSecond)} transfers a second, ${cpuMicroseconds.toFixed(1)} us of CPU each, ${ratio} of the first`,
  );
}

function usedBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
