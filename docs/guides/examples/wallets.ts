import { deposit, transfer, type Answer, type Ledger } from "@tallyline/ledger";
import { openSqliteLedger, type SqliteLedger } from "@tallyline/ledger-sqlite";

const principal = "shop"; // who sends the commands
const terms = { principal, currency: "EUR", minBalanceMinor: 0n, maxBalanceMinor: null };

/** Opens the shop's books, or makes them. */
export async function openWallets(path: string): Promise<SqliteLedger> {
  const ledger = await openSqliteLedger({ path, currencies: [{ code: "EUR", exponent: 2 }] });
  // These have ids like any other command, so at the next start they do not happen again.
  await ledger.submit({ verb: "open", ...terms, id: "open-cash", account: "@cash", kind: "asset" });
  await ledger.submit({ verb: "open", ...terms, id: "open-sales", account: "sales", kind: "income" });
  return ledger;
}

/** What a customer has in the wallet is what the shop owes: a liability. It cannot fall below zero. */
export function openWallet(ledger: Ledger, customer: string): Promise<Answer> {
  return ledger.submit({ verb: "open", ...terms, id: `open-${customer}`, account: customer, kind: "liability" });
}

/** @param paymentId The payment provider's: however often it tells of a payment, it is booked once. */
export function topUp(ledger: Ledger, customer: string, cents: bigint, paymentId: string): Promise<Answer> {
  return ledger.submit(deposit({ principal, id: `payment-${paymentId}`, account: customer, amountMinor: cents }));
}

export function buy(ledger: Ledger, customer: string, cents: bigint, orderId: string): Promise<Answer> {
  const sale = { from: customer, to: "sales", amountMinor: cents, ref: orderId };
  return ledger.submit(transfer({ principal, id: `order-${orderId}`, ...sale }));
}
