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

/**
 * Answers the requests of plain clients, on one account. Each takes effect in the order in which it arrived and is
 * answered once it is durable.
 *
 * The dialect has no ids, so every request is a new one: a client that repeats `deposit 50` deposits twice. Nor has it a
 * word for "nobody knows": when the ledger fails, the answer rejects and the connection must close without a reply.
 */
export function createPlainSession(ledger: Ledger, account: string): (request: PlainRequest) => Promise<PlainReply> {
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

  async function move(verb: "deposit" | "withdraw", amount: string): Promise<PlainReply> {
    const amountMinor = parseAmount(amount, USD);
    if (amountMinor === undefined || amountMinor === 0n) return { kind: "invalid-amount", verb };

    const order = verb === "deposit" ? deposit : withdraw;
    const result = await ledger.submit(order({ principal: "@plain", id: randomUUID(), account, amountMinor }));
    if (result.ok) {
      const balance = balanceOf(result.accounts.find((each) => each.account === account));
      return { kind: verb === "deposit" ? "deposited" : "withdrew", amount: formatAmount(amountMinor, USD), balance };
    }
    if (result.code === "INSUFFICIENT_FUNDS") return { kind: "insufficient-funds" };
    if (result.code === "OVERFLOW") return { kind: "invalid-amount", verb };
    throw new Error(`the ledger refused a ${verb} with ${result.code}, which the plain dialect never causes`);
  }

  function balanceOf(state: Account | undefined): string {
    if (state === undefined) throw new Error(`the plain account ${account} is not in the books`);
    return formatAmount(balanceMinor(state), USD);
  }
}
