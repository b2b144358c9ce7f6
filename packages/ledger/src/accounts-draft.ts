import { availableMinor, balanceMinor, highestMinor, type Account } from "./account.ts";
import type { BooksView } from "./books-view.ts";
import type { Leg } from "./command.ts";
import { MAX_MINOR } from "./money.ts";
import { refused, type Hold, type Refused } from "./result.ts";

/** An account as it was, and as it would become; and the next of the command's accounts. */
interface Change {
  readonly before: Account;
  after: Account;
  next: Change | undefined;
}

/** The accounts that one command changes: most often two, at most 64, so finding one is a walk along a list. */
export class AccountsDraft {
  #first: Change | undefined;
  #last: Change | undefined;
  #size = 0;

  /** How many accounts. */
  get size(): number {
    return this.#size;
  }

  /** Takes accounts in, in order. Refuses unknown ones, and those that take no postings. */
  load(books: BooksView, names: readonly string[]): Refused | undefined {
    for (const name of names) {
      if (this.#find(name) !== undefined) continue;
      const account = books.account(name);
      if (account === undefined) return refused("ACCOUNT_UNKNOWN", { account: name });
      this.loadAny(account);
    }
    for (let each = this.#first; each !== undefined; each = each.next) {
      const { account, status } = each.before;
      if (status === "closed") return refused("ACCOUNT_CLOSED", { account });
      if (status === "frozen") return refused("ACCOUNT_FROZEN", { account });
    }
    return undefined;
  }

  /** Takes an account in whatever its status: to give back what was set aside, or to change its terms. */
  loadAny(account: Account): void {
    const change = { before: account, after: account, next: undefined };
    if (this.#last === undefined) this.#first = change;
    else this.#last.next = change;
    this.#last = change;
    this.#size += 1;
  }

  post({ account, side, amountMinor }: Leg): void {
    const change = this.#get(account);
    const { debitsMinor, creditsMinor, version } = change.after;
    change.after =
      side === "debit"
        ? { ...change.after, debitsMinor: debitsMinor + amountMinor, version: version + 1 }
        : { ...change.after, creditsMinor: creditsMinor + amountMinor, version: version + 1 };
  }

  /** Sets an amount aside on the hold's `from`, and promises it to its `to`; a negative one gives it back. */
  setAside({ from, to }: Pick<Hold, "from" | "to">, amountMinor: bigint): void {
    const payer = this.#get(from);
    payer.after = { ...payer.after, heldDebitsMinor: payer.after.heldDebitsMinor + amountMinor };
    const payee = this.#get(to);
    payee.after = { ...payee.after, heldCreditsMinor: payee.after.heldCreditsMinor + amountMinor };
  }

  get(name: string): Account {
    return this.#get(name).after;
  }

  /**
   * Whether the accounts may become what they would. One that is already outside a limit may move towards it. Too little on
   * any account comes before too much on any, and that before what nobody could hold.
   */
  check(): Refused | undefined {
    let ceiling: Refused | undefined;
    let overflow: Refused | undefined;
    for (let each = this.#first; each !== undefined; each = each.next) {
      const { before, after } = each;
      const { account, minBalanceMinor, maxBalanceMinor } = after;
      const balance = balanceMinor(after);
      const available = availableMinor(after, balance);
      const highest = highestMinor(after, balance);
      if (minBalanceMinor !== null && available < minBalanceMinor) {
        const earlier = availableMinor(before);
        const spendableMinor = earlier > minBalanceMinor ? earlier - minBalanceMinor : 0n;
        if (available < earlier) return refused("INSUFFICIENT_FUNDS", { account, availableMinor: spendableMinor });
      }
      if (maxBalanceMinor !== null && highest > maxBalanceMinor && highest > highestMinor(before)) {
        ceiling ??= refused("BALANCE_CEILING", { account });
      }
      // What is available is the least of the three, and what would be if every promise came is the most.
      if (available < -MAX_MINOR || highest > MAX_MINOR) overflow ??= refused("OVERFLOW", { account });
    }
    return ceiling ?? overflow;
  }

  accounts(): Account[] {
    const accounts: Account[] = [];
    for (let each = this.#first; each !== undefined; each = each.next) accounts.push(each.after);
    return accounts;
  }

  #find(name: string): Change | undefined {
    let each = this.#first;
    while (each !== undefined && each.before.account !== name) each = each.next;
    return each;
  }

  #get(name: string): Change {
    const change = this.#find(name);
    if (change === undefined) throw new Error(`account ${name} is changed without having been loaded`);
    return change;
  }
}
