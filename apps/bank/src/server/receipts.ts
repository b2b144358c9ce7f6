import type {
  BankReply,
  Receipt,
  RefusalFacts,
  WireAccount,
  WireBalance,
  WireEntry,
  WireHold,
} from "@tallyline/bank-protocol";
import {
  availableMinor,
  balanceMinor,
  formatAmount,
  type Account,
  type AccountDetails,
  type Answer,
  type Currency,
  type Entry,
  type Hold,
  type Receipt as LedgerReceipt,
  type Refused,
  type Result,
} from "@tallyline/ledger";
import type { AccountDirectory } from "./account-directory.ts";
import { maySee, type Principal } from "./principal.ts";
import { blamedAccount, refuse, replyCodeOf } from "./refusals.ts";

/** What a reply about an outcome is made with, beside the outcome. */
export interface Reader {
  readonly principal: Principal;
  readonly directory: AccountDirectory;
  /** Accounts that the request names, as it wrote them. */
  readonly written: readonly string[];
  /** The currency that the request's amounts are in. */
  readonly currency: Currency;
}

/** The reply to a write. A function of the outcome and of what the reader may see, so a replay is the same bytes. */
export function replyTo(answer: Answer, reader: Reader): BankReply {
  if (answer.ok) {
    return { class: "OK", code: "DONE", ...receiptOf(answer, reader), ...(answer.replayed && { replayed: true }) };
  }
  const { declined, facts } = declineOf(answer, reader);
  return refuse(declined, { ...facts, ...(answer.replayed && { replayed: true }) });
}

/** The reply to a write that was only tried. */
export function previewOf(result: Result, reader: Reader): BankReply {
  if (result.ok) {
    return {
      class: "OK",
      code: "WOULD_DO",
      balances: balancesOf(result.accounts, reader),
      holds: holdsOf(result, reader),
    };
  }
  const { declined, facts } = declineOf(result, reader);
  return { class: "OK", code: "WOULD_DECLINE", declined, ...facts };
}

/** What became of an id. */
export function outcomeOf(answer: Answer, reader: Reader): BankReply {
  if (answer.ok) return { class: "OK", code: "EXECUTED", ...receiptOf(answer, reader) };
  if (answer.code === "ID_FENCED") return { class: "OK", code: "FENCED" };
  const { declined, facts } = declineOf(answer, reader);
  return { class: "OK", code: "DECLINED", declined, ...facts };
}

function wireBalance(account: Account, currency: Currency): WireBalance {
  const bookedMinor = balanceMinor(account);
  const available = availableMinor(account, bookedMinor);
  const booked = formatAmount(bookedMinor, currency);
  return {
    account: account.account,
    currency: account.currency,
    booked,
    available: available === bookedMinor ? booked : formatAmount(available, currency),
    version: account.version,
  };
}

export function wireAccount(account: AccountDetails, currency: Currency): WireAccount {
  const bound = (minor: bigint | null) => (minor === null ? "none" : formatAmount(minor, currency));
  return {
    ...wireBalance(account, currency),
    kind: account.kind,
    status: account.status,
    min: bound(account.minBalanceMinor),
    max: bound(account.maxBalanceMinor),
    ...(account.owner !== undefined && { owner: account.owner }),
  };
}

export function wireEntry(entry: Entry, currency: Currency): WireEntry {
  return {
    version: entry.version,
    seq: entry.seq,
    time: timeOf(entry.atMs),
    side: entry.side,
    amount: formatAmount(entry.amountMinor, currency),
    booked: formatAmount(entry.balanceMinor, currency),
    ...(entry.memo !== undefined && { memo: entry.memo }),
    ...(entry.ref !== undefined && { ref: entry.ref }),
  };
}

export function wireHold(hold: Hold, currency: Currency): WireHold {
  return {
    hold: hold.id,
    seq: hold.seq,
    from: hold.from,
    to: hold.to,
    currency: currency.code,
    amount: formatAmount(hold.amountMinor, currency),
    left: formatAmount(hold.leftMinor, currency),
    state: hold.state,
    ...(hold.expiresAtMs !== null && { expires: timeOf(hold.expiresAtMs) }),
  };
}

function receiptOf(done: LedgerReceipt, reader: Reader): Receipt {
  return {
    seq: done.seq,
    time: timeOf(done.atMs),
    ...(done.head !== "" && { head: done.head }),
    balances: balancesOf(done.accounts, reader),
    holds: holdsOf(done, reader),
  };
}

function balancesOf(accounts: readonly Account[], { principal, directory }: Reader): WireBalance[] {
  const balances: WireBalance[] = [];
  for (const account of accounts) {
    if (!maySee(principal, account.account, directory.known(account.account))) continue;
    balances.push(wireBalance(account, directory.currency(account.currency) ?? directory.defaultCurrency));
  }
  return balances;
}

/** Only who made a hold changes it, so there is nothing to hide. */
function holdsOf({ hold }: { readonly hold?: Hold }, { directory, currency }: Reader): WireHold[] {
  return hold === undefined ? [] : [wireHold(hold, directory.known(hold.from)?.currency ?? currency)];
}

/**
 * Why a write was declined, as far as its sender may know: what is wrong with an account that it may only pay into is
 * the account's own matter.
 */
function declineOf(refused: Refused, { principal, directory, written, currency }: Reader): Decline {
  const account = blamedAccount(refused, written);
  const facts = account === undefined ? undefined : directory.known(account);
  const isPrivate = PRIVATE.has(refused.code) && account !== undefined && !maySee(principal, account, facts);
  if (isPrivate) return { declined: "FORBIDDEN", facts: {} };
  const { availableMinor: available } = refused;
  const amountCurrency = facts?.currency ?? currency;
  return {
    declined: replyCodeOf(refused.code),
    facts: {
      ...(account !== undefined && { account }),
      ...(available !== undefined && {
        currency: amountCurrency.code,
        available: formatAmount(available, amountCurrency),
      }),
    },
  };
}

interface Decline {
  readonly declined: ReturnType<typeof replyCodeOf>;
  readonly facts: RefusalFacts;
}

const PRIVATE: ReadonlySet<Refused["code"]> = new Set([
  "ACCOUNT_CLOSED",
  "ACCOUNT_FROZEN",
  "BALANCE_CEILING",
  "OVERFLOW",
  "INSUFFICIENT_FUNDS",
  "VERSION_CONFLICT",
]);

/** What is decided together has mostly the same time. */
function timeOf(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}

let lastTime = { ms: 0, text: new Date(0).toISOString() };
