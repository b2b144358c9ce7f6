import type { BooksOptions } from "./books.ts";
import type { Submission } from "./command.ts";
import { createMemoryLedger, type Ledger } from "./ledger.ts";
import { RANDOM_CURRENCIES, randomCommands } from "./random-commands.ts";
import type { Answer } from "./result.ts";
import type { OpenLedger } from "./scenario-runner.ts";

const ACCOUNTS = ["@cash", "@yen", "alice", "bob", "carol", "dave", "emi", "purse", "nobody"];
const MAX_REFUSALS = 300;

/** How a ledger is compared with the one in memory. */
export interface Comparison {
  /** The same commands for the same seed. */
  readonly seed: number;
  readonly commandCount: number;
}

/**
 * Gives a ledger and one in memory the same random commands, in turns of random size; every answer must be the same, and
 * at times everything that can be read, also after the ledger was opened again. At the end it verifies.
 * @param open Opens the ledger: the first time empty, later as it was left.
 * @throws Error naming the first difference.
 */
export async function compareWithMemory(open: OpenLedger, { seed, commandCount }: Comparison): Promise<void> {
  let nowMs = 1_000_000;
  const options: BooksOptions & { readonly now: () => number } = {
    currencies: RANDOM_CURRENCIES,
    maxRefusalsPerPrincipal: MAX_REFUSALS,
    now: () => nowMs,
  };
  const memory = createMemoryLedger(options);
  let stored = await open(options);
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
      const [found, expected] = await Promise.all([stored, memory].map((ledger) => submitAll(ledger, turn)));
      turn.forEach((command, index) => same(found![index], expected![index], `seed ${seed}`, command));
      if (below(20) === 0) await compareReads(stored, memory, turn, seed);
      if (below(60) === 0) {
        await stored.close();
        stored = await open(options);
      }
    }
    await compareReads(stored, memory, [], seed);
    const verification = await stored.verify();
    if (!verification.ok) throw new Error(`seed ${seed}: at ${verification.seq}, ${verification.what}`);
  } finally {
    await stored.close();
  }
}

async function submitAll(ledger: Ledger, commands: readonly Submission[]): Promise<unknown[]> {
  return Promise.all(commands.map(async (command) => withoutHead(await ledger.submit(command))));
}

/** A ledger in memory keeps no chain. */
function withoutHead(answer: Answer): object {
  if (!answer.ok) return answer;
  const { head: _, ...done } = answer;
  return done;
}

async function compareReads(stored: Ledger, memory: Ledger, turn: readonly Submission[], seed: number): Promise<void> {
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
  const [found, expected] = [await read(stored), await read(memory)];
  for (const key of Object.keys(expected) as (keyof typeof expected)[]) {
    same(found[key], expected[key], `seed ${seed}, ${key}`, undefined);
  }
}

function same(found: unknown, expected: unknown, where: string, command: unknown): void {
  const [foundText, expectedText] = [text(found), text(expected)];
  if (foundText === expectedText) return;
  throw new Error(`${where}: ${text(command)} is ${foundText} in the store and ${expectedText} in memory`);
}

/** A value as text: equal texts exactly where the values are equal, whatever the order of properties. */
function text(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const facts = Object.entries(value).toSorted(([name], [other]) => (name < other ? -1 : 1));
  return `{${facts.map(([name, fact]) => `${name}:${text(fact)}`).join(",")}}`;
}
