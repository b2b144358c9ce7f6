import { availableMinor, balanceMinor, createMemoryLedger, deposit } from "@tallyline/ledger";

const principal = "shop";
const terms = { principal, currency: "EUR", minBalanceMinor: 0n, maxBalanceMinor: null };
const ledger = createMemoryLedger({ currencies: [{ code: "EUR", exponent: 2 }], now: Date.now });
await ledger.submit({ verb: "open", ...terms, id: "1", account: "@cash", kind: "asset" });
await ledger.submit({ verb: "open", ...terms, id: "2", account: "sales", kind: "income" });
await ledger.submit({ verb: "open", ...terms, id: "3", account: "anna", kind: "liability" });
await ledger.submit(deposit({ principal, id: "4", account: "anna", amountMinor: 2000n }));

const show = async (when: string) => {
  const anna = (await ledger.account("anna"))!;
  console.log(when, "booked", balanceMinor(anna), "available", availableMinor(anna));
};
const day = 24 * 60 * 60 * 1000;
const hold = { verb: "hold", principal, from: "anna", to: "sales", amountMinor: 1500n, expiresInMs: day } as const;
await ledger.submit({ ...hold, id: "order-7" });
await show("reserved:");
// The goods were cheaper than thought: charge 12.40, and free the rest.
const capture = { verb: "capture", principal, hold: "order-7", amountMinor: 1240n, isFinal: true } as const;
await ledger.submit({ ...capture, id: "delivery-7" });
await show("charged: ");
