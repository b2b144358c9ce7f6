import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { createMemoryLedger, type Answer, type Ledger, type Submission } from "@tallyline/ledger";
import { openSqliteLedger, type SqliteLedger } from "@tallyline/ledger-sqlite";
import { RANDOM_CURRENCIES, randomCommands } from "@tallyline/ledger/scenarios";

const ACCOUNTS = ["@cash", "@yen", "alice", "bob", "carol", "dave", "emi", "purse", "nobody"];
const MAX_REFUSALS = 300;

/**
 * Gives a ledger in a file and one in memory the same random commands, in turns of random size; every answer must be the
 * same, and at times everything that can be read, also after the file was opened again. At the end the file verifies.
 * @throws Error naming the first difference.
 */
export async function compareWithMemory(folder: string, seed: number, commandCount: number): Promise<void> {
  const path = join(folder, `seed-${seed}.db`);
  let nowMs = 1_000_000;
  const options = { currencies: RANDOM_CURRENCIES, maxRefusalsPerPrincipal: MAX_REFUSALS, now: () => nowMs };
  const memory = createMemoryLedger(options);
  const open = () => openSqliteLedger({ ...options, path });
  let file: SqliteLedger = await open();
  const commands = randomCommands(seed);
  let state = seed;
  const below = (bound: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % bound;
  try {
    for (let done = 0; done < commandCount;) {
      const turn: Submission[] = [];
      const size = Math.min(1 + below(100), commandCount - done);
      for (; turn.length < size; done += 1) {
        const { command, afterMs } = commands.next().value!;
        nowMs += turn.length === 0 ? afterMs : 0; // one turn sees one time
        turn.push(command);
      }
      const [found, expected] = await Promise.all([file, memory].map((ledger) => submitAll(ledger, turn)));
      turn.forEach((command, index) => same(found![index], expected![index], `seed ${seed}`, command));
      if (below(20) === 0) await compareReads(file, memory, turn, seed);
      if (below(60) === 0) {
        await file.close();
        file = await open();
      }
    }
    await compareReads(file, memory, [], seed);
    const verification = await file.verify();
    if (!verification.ok) throw new Error(`seed ${seed}: verify says ${JSON.stringify(verification)}`);
  } finally {
    await file.close();
  }
}

async function submitAll(ledger: Ledger, commands: readonly Submission[]): Promise<unknown[]> {
  return Promise.all(commands.map(async (command) => withoutHead(await ledger.submit(command))));
}

/** Only a ledger in a file has a chain. */
function withoutHead(answer: Answer): object {
  if (!answer.ok) return answer;
  const { head: _, ...done } = answer;
  return done;
}

async function compareReads(file: Ledger, memory: Ledger, turn: readonly Submission[], seed: number): Promise<void> {
  const read = async (ledger: Ledger) => {
    const accounts = await ledger.accounts({ limit: 200 });
    const statements = ACCOUNTS.map(async (name) => {
      const version = (await ledger.account(name))?.version ?? 0;
      const from = [0, Math.max(0, version - 5), version >> 1, version, version + 3];
      return Promise.all(from.map((afterVersion) => ledger.statement(name, { afterVersion, limit: 70 })));
    });
    const found = turn.map(async (command) => {
      const each = await ledger.lookup(command);
      return each && { ...each, answer: withoutHead(each.answer) };
    });
    return {
      accounts,
      holds: await Promise.all(ACCOUNTS.map((name) => ledger.holds(name, { limit: 20 }))),
      statements: await Promise.all(statements),
      found: await Promise.all(found),
      previews: await Promise.all(turn.map((command) => ledger.preview({ ...command, id: `${command.id}?` }))),
      trialBalance: await ledger.trialBalance(),
      seq: (await ledger.head()).seq,
    };
  };
  const [found, expected] = [await read(file), await read(memory)];
  for (const key of Object.keys(expected) as (keyof typeof expected)[]) {
    same(found[key], expected[key], `seed ${seed}, ${key}`, undefined);
  }
}

function same(found: unknown, expected: unknown, where: string, command: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  const text = (value: unknown) =>
    JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? `${each}n` : each));
  throw new Error(`${where}: ${text(command)} is ${text(found)} in the file and ${text(expected)} in memory`);
}
