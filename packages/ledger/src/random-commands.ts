import { deposit, transfer, withdraw, type Leg, type Submission } from "./command.ts";
import { MAX_MINOR } from "./money.ts";

/** A command, and how much time passes before it: now and then the clock goes back, or leaps. */
export interface Timed {
  readonly command: Submission;
  readonly afterMs: number;
}

/** The currencies that the accounts of {@link randomCommands} are in. */
export const RANDOM_CURRENCIES = [
  { code: "USD", exponent: 2 },
  { code: "JPY", exponent: 0 },
] as const;

const ACCOUNTS = ["@cash", "@yen", "alice", "bob", "carol", "dave", "emi", "purse"];
const PRINCIPALS = ["p", "q", "r"];

/**
 * Commands without end, the same for the same seed: few accounts and small amounts, so that overdrafts, ceilings, reused
 * ids, unbalanced entries and expired holds come up all the time. What two stores answer to them must be the same.
 */
export function* randomCommands(seed: number): Generator<Timed> {
  const random = new Random(seed);
  const sent: Submission[] = []; // the latest of them, to be sent again
  for (let count = 0; ; count += 1) {
    let command = count < ACCOUNTS.length ? openAccount(count) : anyCommand(random, `${count}`, sent);
    if (random.chance(4) && sent.length > 0) command = random.pick(sent);
    else if (random.chance(3) && sent.length > 0) command = { ...command, id: random.pick(sent).id };
    if (sent.length < 500) sent.push(command);
    else sent[random.below(500)] = command;
    const afterMs = random.chance(1) ? random.below(2000) - 500 : random.below(3);
    yield { command, afterMs };
  }
}

function openAccount(index: number): Submission {
  const account = ACCOUNTS[index]!;
  const isBank = account.startsWith("@");
  return {
    verb: "open",
    principal: "bank",
    id: account,
    account,
    currency: account === "@yen" || account === "emi" ? "JPY" : "USD",
    kind: isBank ? "asset" : "liability",
    minBalanceMinor: isBank ? null : account === "carol" ? -50n : 0n,
    maxBalanceMinor: account === "purse" ? 100n : null,
    ...(!isBank && { owner: account, metadata: { b: "2", a: account } }),
  };
}

function anyCommand(random: Random, id: string, sent: readonly Submission[]): Submission {
  const account = () => random.pick(ACCOUNTS);
  const amountMinor = random.chance(2) ? random.pick([0n, MAX_MINOR, MAX_MINOR + 1n]) : BigInt(1 + random.below(40));
  const earlier = () => (sent.length === 0 ? "none" : random.pick(sent).id);
  const limits = {
    minBalanceMinor: random.pick([0n, 0n, -20n, null]),
    maxBalanceMinor: random.pick([null, null, 200n, -30n]),
  };
  const who = {
    principal: random.pick(PRINCIPALS),
    id,
    ...(random.chance(20) && { memo: random.pick(["rent", "née €", "\u{1f4b6}", "tab\t"]) }),
    ...(random.chance(20) && { ref: `ref ${id}` }),
    ...(random.chance(5) && { ifVersion: { account: account(), version: random.below(20) } }),
  };
  const draw = random.below(100);
  if (draw < 25) return transfer({ ...who, from: account(), to: account(), amountMinor });
  if (draw < 45) return deposit({ ...who, account: account(), amountMinor });
  if (draw < 58) return withdraw({ ...who, account: account(), amountMinor });
  if (draw < 65) return { verb: "post", ...who, legs: anyLegs(random) };
  if (draw < 75) {
    const expiresInMs = random.pick([null, 1, 5, 50, 5000]);
    return { verb: "hold", ...who, from: account(), to: account(), amountMinor, expiresInMs };
  }
  if (draw < 82) {
    const part = random.chance(40) ? null : amountMinor;
    return { verb: "capture", ...who, hold: latestHold(random, sent), amountMinor: part, isFinal: random.chance(30) };
  }
  if (draw < 86) return { verb: "release", ...who, hold: latestHold(random, sent) };
  if (draw < 91) return { verb: "reverse", ...who, entry: earlier() };
  if (draw < 94) return { verb: "limit", ...who, account: account(), ...limits };
  if (draw < 95)
    return { verb: random.pick(["freeze", "unfreeze", "close"]), ...who, account: random.pick(["dave", "bob"]) };
  if (draw < 96) return { verb: "unfreeze", ...who, account: random.pick(["dave", "bob"]) };
  if (draw < 97) {
    const terms = { currency: random.pick(["USD", "JPY", "GBP"]), kind: random.pick(["asset", "liability"] as const) };
    return { verb: "open", ...who, account: random.chance(90) ? `a${id}` : account(), ...terms, ...limits };
  }
  return { verb: "settle", principal: who.principal, id: random.chance(50) ? id : earlier() };
}

/** Mostly balanced, in one currency or two. */
function anyLegs(random: Random): Leg[] {
  const legs: Leg[] = [];
  const pairs = 1 + random.below(4);
  for (let pair = 0; pair < pairs; pair += 1) {
    const amountMinor = BigInt(1 + random.below(20));
    legs.push({ account: random.pick(ACCOUNTS), side: "debit", amountMinor });
    legs.push({ account: random.pick(ACCOUNTS), side: "credit", amountMinor });
  }
  return random.chance(10) ? legs.slice(1) : legs;
}

function latestHold(random: Random, sent: readonly Submission[]): string {
  const holds = sent.filter(({ verb }) => verb === "hold");
  return holds.length === 0 || random.chance(5) ? "none" : random.pick(holds).id;
}

/** Mulberry32, a generator of 32 bits by Tommy Ettinger. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, not including, the bound. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
