import type { Account } from "./account.ts";
import { apply, type Decision } from "./apply.ts";
import type { BooksView, Recorded } from "./books-view.ts";
import type { Command, ExpireCommand } from "./command.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import type { Currency } from "./money.ts";
import type { Done, Hold } from "./result.ts";
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

/** A command that was decided, and when. */
export interface Executed {
  readonly command: Command;
  readonly decision: Decision;
  /** The ledger's clock then, in milliseconds since 1970. */
  readonly atMs: number;
}

/** The whole books in memory. A store feeds it commands in order; replaying them rebuilds it. */
export class Books implements BooksView {
  readonly #currencies: ReadonlySet<string>;
  readonly #maxRefusals: number;
  readonly #accounts = new Map<string, Account>();
  readonly #entries = new Map<string, Entry[]>();
  readonly #recorded = new Map<string, Map<string, Recorded>>(); // principal → id → first answer
  readonly #refusals = new Map<string, number>(); // principal → how many are recorded
  readonly #holds = new Map<number, Hold>();
  readonly #expiries = new ExpiryQueue();
  readonly #reversed = new Set<number>();
  #lastSeq = 0;
  #clockMs = 0;

  constructor({ currencies, maxRefusalsPerPrincipal = 100_000 }: BooksOptions) {
    for (const { code, exponent } of currencies) {
      if (!/^[A-Z0-9]{3,8}$/.test(code)) {
        throw new RangeError(`currency code is ${JSON.stringify(code)}, expected 3 to 8 of A-Z 0-9`);
      }
      if (!Number.isInteger(exponent) || exponent < 0 || exponent > 9) {
        throw new RangeError(`exponent of ${code} is ${exponent}, expected a whole number from 0 to 9`);
      }
    }
    this.#currencies = new Set(currencies.map(({ code }) => code));
    if (this.#currencies.size !== currencies.length) throw new RangeError("two currencies have the same code");
    if (!Number.isInteger(maxRefusalsPerPrincipal) || maxRefusalsPerPrincipal < 1 || maxRefusalsPerPrincipal > 1e9) {
      throw new RangeError(
        `maxRefusalsPerPrincipal is ${maxRefusalsPerPrincipal}, expected a whole number from 1 to 10^9`,
      );
    }
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

  /**
   * Brings the ledger's clock forward, never back, and expires the holds that are due by it, each at a place of its own
   * in the order. @returns what it did, for the journal.
   */
  advance(nowMs: number): Executed[] {
    this.#clockMs = Math.max(this.#clockMs, Math.floor(nowMs));
    const expired: Executed[] = [];
    for (let seq = this.#expiries.due(this.#clockMs); seq !== undefined; seq = this.#expiries.due(this.#clockMs)) {
      const command: ExpireCommand = { verb: "expire", principal: "@ledger", id: `expire:${seq}`, holdSeq: seq };
      expired.push(this.replay(command, this.#clockMs));
    }
    return expired;
  }

  /** Decides a command at a time, after all holds that are due by then have expired. The command's own decision is last. */
  execute(command: Command, nowMs: number): readonly [...Executed[], Executed] {
    return [...this.advance(nowMs), this.replay(command, this.#clockMs)];
  }

  /** Takes one command of a journal, in order: decides it again, as of the time that was recorded with it. */
  replay(command: Command, atMs: number): Executed {
    this.#clockMs = atMs;
    const decision = apply(this, command, atMs);
    if (decision.record !== undefined) this.#take(command, decision.record);
    return { command, decision, atMs };
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

  #take({ principal, id }: Command, record: Recorded): void {
    this.#lastSeq += 1;
    const { result } = record;
    if (result.ok) this.#takeEffect(result);
    else this.#refusals.set(principal, (this.#refusals.get(principal) ?? 0) + 1);

    let ids = this.#recorded.get(principal);
    if (ids === undefined) this.#recorded.set(principal, (ids = new Map()));
    ids.set(id, record);
  }

  #takeEffect(done: Done): void {
    for (const [name, entries] of entriesOf(done, (each) => this.#accounts.get(each))) {
      const all = this.#entries.get(name);
      if (all === undefined) this.#entries.set(name, entries);
      else all.push(...entries);
    }
    for (const account of done.accounts) this.#accounts.set(account.account, account);
    if (done.reversedSeq !== undefined) this.#reversed.add(done.reversedSeq);
    if (done.hold === undefined) return;
    this.#holds.set(done.hold.seq, done.hold);
    if (done.hold.state !== "held") this.#expiries.remove(done.hold);
    else if (done.hold.seq === done.seq) this.#expiries.add(done.hold);
  }
}
