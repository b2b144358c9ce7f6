import { availableMinor, balanceMinor, highestMinor, type Account } from "./account.ts";
import type { BooksView } from "./books-view.ts";
import type { Leg } from "./command.ts";
import { MAX_MINOR } from "./money.ts";
import { refused, type Hold, type Refused } from "./result.ts";

/** The accounts that one command changes: as they were, and as they would become. */
export class AccountsDraft {
  readonly #before = new Map<string, Account>();
  readonly #after = new Map<string, Account>();

  /** Takes accounts in, in order. Refuses unknown ones, and those that take no postings. */
  load(books: BooksView, names: Iterable<string>): Refused | undefined {
    for (const name of names) {
      const account = books.account(name);
      if (account === undefined) return refused("ACCOUNT_UNKNOWN", { account: name });
      this.#before.set(name, account);
      this.#after.set(name, account);
    }
    for (const { account, status } of this.#before.values()) {
      if (status === "closed") return refused("ACCOUNT_CLOSED", { account });
      if (status === "frozen") return refused("ACCOUNT_FROZEN", { account });
    }
    return undefined;
  }

  /** Takes an account in whatever its status: to give back what was set aside, or to change its terms. */
  loadAny(account: Account): void {
    this.#before.set(account.account, account);
    this.#after.set(account.account, account);
  }

  post(leg: Leg): void {
    const account = this.get(leg.account);
    const isDebit = leg.side === "debit";
    this.#after.set(leg.account, {
      ...account,
      debitsMinor: account.debitsMinor + (isDebit ? leg.amountMinor : 0n),
      creditsMinor: account.creditsMinor + (isDebit ? 0n : leg.amountMinor),
      version: account.version + 1,
    });
  }

  /** Sets an amount aside on the hold's `from`, and promises it to its `to`; a negative one gives it back. */
  setAside({ from, to }: Pick<Hold, "from" | "to">, amountMinor: bigint): void {
    const payer = this.get(from);
    this.#after.set(from, { ...payer, heldDebitsMinor: payer.heldDebitsMinor + amountMinor });
    const payee = this.get(to);
    this.#after.set(to, { ...payee, heldCreditsMinor: payee.heldCreditsMinor + amountMinor });
  }

  get(name: string): Account {
    const account = this.#after.get(name);
    if (account === undefined) throw new Error(`account ${name} is changed without having been loaded`);
    return account;
  }

  /** Whether the accounts may become what they would. One that is already outside a limit may move towards it. */
  check(): Refused | undefined {
    for (const after of this.#after.values()) {
      const { account, minBalanceMinor } = after;
      const earlierMinor = availableMinor(this.#before.get(account)!);
      const laterMinor = availableMinor(after);
      if (minBalanceMinor !== null && laterMinor < minBalanceMinor && laterMinor < earlierMinor) {
        const spendableMinor = earlierMinor > minBalanceMinor ? earlierMinor - minBalanceMinor : 0n;
        return refused("INSUFFICIENT_FUNDS", { account, availableMinor: spendableMinor });
      }
    }
    for (const after of this.#after.values()) {
      const { account, maxBalanceMinor } = after;
      const laterMinor = highestMinor(after);
      const isHigher = laterMinor > highestMinor(this.#before.get(account)!);
      if (maxBalanceMinor !== null && laterMinor > maxBalanceMinor && isHigher)
        return refused("BALANCE_CEILING", { account });
    }
    for (const after of this.#after.values()) {
      const balances = [balanceMinor(after), availableMinor(after), highestMinor(after)];
      const isTooMuch = balances.some((balance) => balance > MAX_MINOR || balance < -MAX_MINOR);
      if (isTooMuch) return refused("OVERFLOW", { account: after.account });
    }
    return undefined;
  }

  accounts(): Account[] {
    return [...this.#after.values()];
  }
}
