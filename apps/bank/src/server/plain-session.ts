import { randomUUID } from "node:crypto";
import type { PlainReply, PlainRequest } from "@tallyline/bank-protocol";
import {
  balanceMinor,
  deposit,
  formatAmount,
  parseAmount,
  withdraw,
  type Account,
  type Ledger,
} from "@tallyline/ledger";
import { USD } from "./opening.ts";

/** Answers one client's requests, in order. @returns undefined when the dialect has no words for the answer. */
export type PlainSession = (request: PlainRequest) => Promise<PlainReply | undefined>;

/**
 * A plain client's session, on one account. Each request takes effect in the order in which it arrived and is answered
 * once it is durable.
 *
 * The dialect has no ids, so every request is a new one: a client that repeats `deposit 50` deposits twice. Nor has it
 * words for "nobody knows", where the answer rejects, or "try later", where it is undefined: the connection must then
 * close without a reply.
 */
export function createPlainSession(ledger: Ledger, account: string): PlainSession {
  const principal = `plain:${randomUUID()}`;
  let requestCount = 0;

  return async (request) => {
    switch (request.kind) {
      case "balance":
        return { kind: "balance", balance: balanceOf(await ledger.account(account)) };
      case "deposit":
      case "withdraw":
        return move(request.kind, request.amount);
      case "invalid-amount":
      case "invalid-command":
        return request;
    }
  };

  async function move(verb: "deposit" | "withdraw", amount: string): Promise<PlainReply | undefined> {
    const amountMinor = parseAmount(amount, USD);
    if (amountMinor === undefined || amountMinor === 0n) return { kind: "invalid-amount", verb };

    const order = verb === "deposit" ? deposit : withdraw;
    const result = await ledger.submit(order({ principal, id: String((requestCount += 1)), account, amountMinor }));
    if (result.ok) {
      const balance = balanceOf(result.accounts.find((each) => each.account === account));
      return { kind: verb === "deposit" ? "deposited" : "withdrew", amount: formatAmount(amountMinor, USD), balance };
    }
    switch (result.code) {
      case "INSUFFICIENT_FUNDS":
        return { kind: "insufficient-funds" };
      case "OVERFLOW":
        return { kind: "invalid-amount", verb };
      case "TOO_MANY_REFUSALS":
      case "STORE_FULL":
      case "STORE_BUSY":
      case "STORE_UNAVAILABLE":
        return undefined;
      default:
        throw new Error(`the ledger refused a ${verb} with ${result.code}, which the plain dialect never causes`);
    }
  }

  function balanceOf(state: Account | undefined): string {
    if (state === undefined) throw new Error(`the plain account ${account} is not in the books`);
    return formatAmount(balanceMinor(state), USD);
  }
}
