import { balanceMinor, createMemoryLedger, deposit, formatAmount, transfer } from "@tallyline/ledger";

const usd = { code: "USD", exponent: 2 };
const ledger = createMemoryLedger({ currencies: [usd] });
const customer = { kind: "open", principal: "me", currency: "USD", normalSide: "credit", minBalanceMinor: 0n } as const;

await ledger.submit({ ...customer, id: "1", account: "@cash", normalSide: "debit", minBalanceMinor: null });
await ledger.submit({ ...customer, id: "2", account: "alice" });
await ledger.submit({ ...customer, id: "3", account: "bob" });
await ledger.submit(deposit({ principal: "me", id: "4", account: "alice", amountMinor: 1000n }));

const rent = transfer({ principal: "me", id: "5", from: "alice", to: "bob", amountMinor: 250n });
await ledger.submit(rent);
console.log((await ledger.submit(rent)).replayed); // the same id again: it happened once
console.log(formatAmount(balanceMinor((await ledger.account("alice"))!), usd));
