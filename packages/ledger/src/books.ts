import { balanceMinor, type Account, type AccountDetails, type AccountProfile } from "./account.ts";
import { apply } from "./apply.ts";
import type { Recorded } from "./books-view.ts";
import type { Command, Identity } from "./command.ts";
import { commandOf } from "./content.ts";
import { advance, execute, type Executed, type WritableBooks } from "./execute.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import type { Currency } from "./money.ts";
import { checkRange, type AccountPage, type AccountRange, type HoldPage, type HoldRange } from "./page.ts";
import type { Done, Hold, Result } from "./result.ts";
import { entriesOf, statementOf, type Entry, type Statement, type StatementRange } from "./statement.ts";

/** Debits and credits of everything ever posted in one currency. Equal, or the books are broken. */
export interface TrialBalance {
  readonly currency: string;
  readonly debitsMinor: bigint;
  readonly creditsMinor: bigint;
}

/** What books are opened with. */
export interface BooksOptions {
  /** The currencies accounts may be in; codes must differ. */
  readonly currencies: readonly Currency[];
  /**
   * Refusals that are recorded for one principal; beyond them it is answered `TOO_MANY_REFUSALS`, and nothing is kept.
   * 1 to 10^9, default 100,000: some 20 MB of a journal for a client that does nothing but fail.
   */
  readonly maxRefusalsPerPrincipal?: number;
}

/** Checks what books are opened with, and puts the defaults in. @throws RangeError naming what is wrong. */
export function checkBooksOptions({ currencies, maxRefusalsPerPrincipal = 100_000 }: BooksOptions): {
  readonly currencies: ReadonlySet<string>;
  readonly maxRefusalsPerPrincipal: number;
} {
  for (const { code, exponent } of currencies) {
    if (!/^[A-Z0-9]{3,8}$/.test(code)) {
      throw new RangeError(`currency code is ${JSON.stringify(code)}, expected 3 to 8 of A-Z 0-9`);
    }
    if (!Number.isInteger(exponent) || exponent < 0 || exponent > 9) {
      throw new RangeError(`exponent of ${code} is ${exponent}, expected a whole number from 0 to 9`);
    }
  }
  const codes = new Set(currencies.map(({ code }) => code));
  if (codes.size !== currencies.length) throw new RangeError("two currencies have the same code");
  if (!Number.isInteger(maxRefusalsPerPrincipal) || maxRefusalsPerPrincipal < 1 || maxRefusalsPerPrincipal > 1e9) {
    throw new RangeError(
      `maxRefusalsPerPrincipal is ${maxRefusalsPerPrincipal}, expected a whole number from 1 to 10^9`,
    );
  }
  return { currencies: codes, maxRefusalsPerPrincipal };
}

/** The whole books in memory. A store feeds it commands in order; replaying them rebuilds it. */
export class Books implements WritableBooks {
  readonly #currencies: ReadonlySet<string>;
  readonly #maxRefusals: number;
  readonly #accounts = new Map<string, Account>();
  readonly #profiles = new Map<string, AccountProfile & { readonly openedSeq: number }>();
  readonly #entries = new Map<string, Entry[]>();
  readonly #recorded = new Map<string, Map<string, Recorded>>(); // principal → id → first answer
  readonly #refusals = new Map<string, number>(); // principal → how many are recorded
  readonly #holds = new Map<number, Hold>();
  readonly #openHolds = new Map<string, Set<number>>(); // account → places in the order, ascending
  readonly #expiries = new ExpiryQueue();
  readonly #reversed = new Set<number>();
  #lastSeq = 0;
  #clockMs = 0;

  constructor(options: BooksOptions) {
    const { currencies, maxRefusalsPerPrincipal } = checkBooksOptions(options);
    this.#currencies = currencies;
    this.#maxRefusals = maxRefusalsPerPrincipal;
  }

  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  account(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  recorded(principal: string, id: string): Recorded | undefined {
    return this.#recorded.get(principal)?.get(id);
  }

  hold(seq: number): Hold | undefined {
    return this.#holds.get(seq);
  }

  isReversed(seq: number): boolean {
    return this.#reversed.has(seq);
  }

  hasCurrency(code: string): boolean {
    return this.#currencies.has(code);
  }

  hasTooManyRefusals(principal: string): boolean {
    return (this.#refusals.get(principal) ?? 0) >= this.#maxRefusals;
  }

  tick(nowMs: number): number {
    if (nowMs > this.#clockMs) this.#clockMs = Math.floor(nowMs);
    return this.#clockMs;
  }

  dueHold(atMs: number): number | undefined {
    return this.#expiries.due(atMs);
  }

  /** Expires the holds that are due. @returns what it did, for the journal. */
  advance(nowMs: number): readonly Executed[] {
    return advance(this, nowMs);
  }

  /** Decides a command at a time, after all holds that are due by then have expired. The command's own decision is last. */
  execute(command: Command, nowMs: number): readonly [...Executed[], Executed] {
    return execute(this, command, nowMs);
  }

  /** Takes one command of a journal, in order: decides it again, as of the time that was recorded with it. */
  replay(command: Command, atMs: number): Executed {
    this.#clockMs = atMs;
    const decision = apply(this, command, atMs);
    if (decision.record !== undefined) this.take(command, decision.record);
    return { command, decision, atMs };
  }

  /** What a command would come to now. Changes nothing. */
  preview(command: Command): Result {
    return apply(this, command, this.#clockMs).result;
  }

  /** What was asked under an id, and how it was answered. */
  lookup(identity: Identity): { readonly command: Command; readonly result: Result } | undefined {
    const recorded = this.recorded(identity.principal, identity.id);
    if (recorded === undefined) return undefined;
    return { command: commandOf(recorded.content, identity), result: { ...recorded.result, replayed: true } };
  }

  /** An account with what it was opened with. */
  details(name: string): AccountDetails | undefined {
    const account = this.#accounts.get(name);
    return account && { ...account, ...this.#profiles.get(name)! };
  }

  /** Accounts in the order in which they were opened. @throws RangeError for a bad range. */
  accounts({ after, limit: asked }: AccountRange = {}): AccountPage {
    if (after !== undefined && !this.#accounts.has(after))
      throw new RangeError(`there is no account ${after} to list after`);
    const names = [...this.#accounts.keys()];
    const first = after === undefined ? 0 : names.indexOf(after) + 1;
    const { limit } = checkRange("after", first, asked);
    const accounts = names.slice(first, first + limit).map((name) => this.details(name)!);
    return { accounts, hasMore: names.length > first + limit };
  }

  /** The holds of an account that still hold something. @throws RangeError for a bad range. */
  holds(name: string, { afterSeq, limit: asked }: HoldRange = {}): HoldPage | undefined {
    const { after, limit } = checkRange("afterSeq", afterSeq, asked);
    if (!this.#accounts.has(name)) return undefined;
    const seqs = [...(this.#openHolds.get(name) ?? [])].filter((seq) => seq > after);
    return { holds: seqs.slice(0, limit).map((seq) => this.#holds.get(seq)!), hasMore: seqs.length > limit };
  }

  /** The entries of an account; undefined when there is none of that name. */
  statement(name: string, range?: StatementRange): Statement | undefined {
    return this.#accounts.has(name) ? statementOf(name, this.#entries.get(name) ?? [], range) : undefined;
  }

  /** Sums the books by currency, in the order in which the currencies were given. */
  trialBalance(): TrialBalance[] {
    return [...this.#currencies].map((currency) => {
      let debitsMinor = 0n;
      let creditsMinor = 0n;
      for (const account of this.#accounts.values()) {
        if (account.currency !== currency) continue;
        debitsMinor += account.debitsMinor;
        creditsMinor += account.creditsMinor;
      }
      return { currency, debitsMinor, creditsMinor };
    });
  }

  /** Recomputes every balance from its entries, and compares debits with credits. @returns what is wrong, if anything. */
  findFault(): string | undefined {
    for (const account of this.#accounts.values()) {
      const entries = this.#entries.get(account.account) ?? [];
      let balance = 0n;
      for (const { side, amountMinor } of entries) balance += side === "debit" ? amountMinor : -amountMinor;
      const booked = account.debitsMinor - account.creditsMinor;
      const last = entries.at(-1)?.balanceMinor ?? 0n;
      if (balance !== booked || entries.length !== account.version || last !== balanceMinor(account)) {
        return `account ${account.account} has debits less credits of ${booked}, its entries make ${balance}`;
      }
    }
    const unequal = this.trialBalance().find(({ debitsMinor, creditsMinor }) => debitsMinor !== creditsMinor);
    return unequal && `${unequal.currency} has debits of ${unequal.debitsMinor} and credits of ${unequal.creditsMinor}`;
  }

  take(command: Command, record: Recorded): void {
    this.#lastSeq += 1;
    const { principal, id } = command;
    const { result } = record;
    if (result.ok) this.#takeEffect(command, result);
    else this.#refusals.set(principal, (this.#refusals.get(principal) ?? 0) + 1);

    let ids = this.#recorded.get(principal);
    if (ids === undefined) this.#recorded.set(principal, (ids = new Map()));
    ids.set(id, { content: record.content, result }); // as it is now: the command stays the caller's
  }

  #takeEffect(command: Command, done: Done): void {
    for (const [name, entries] of entriesOf(command, done, (each) => this.#accounts.get(each))) {
      const all = this.#entries.get(name);
      if (all === undefined) this.#entries.set(name, entries);
      else all.push(...entries);
    }
    for (const account of done.accounts) this.#accounts.set(account.account, account);
    if (command.verb === "open") {
      const { account, owner, metadata } = command;
      const profile = { ...(owner !== undefined && { owner }), ...(metadata !== undefined && { metadata }) };
      this.#profiles.set(account, { ...profile, openedSeq: done.seq });
    }
    if (done.reversedSeq !== undefined) this.#reversed.add(done.reversedSeq);
    if (done.hold !== undefined) this.#takeHold(done.hold, done.seq);
  }

  #takeHold(hold: Hold, seq: number): void {
    this.#holds.set(hold.seq, hold);
    if (hold.state === "held" && hold.seq === seq) this.#expiries.add(hold);
    if (hold.state !== "held") this.#expiries.remove(hold);
    for (const name of [hold.from, hold.to]) {
      const open = this.#openHolds.get(name) ?? new Set();
      if (hold.state === "held") open.add(hold.seq);
      else open.delete(hold.seq);
      this.#openHolds.set(name, open);
    }
  }
}
