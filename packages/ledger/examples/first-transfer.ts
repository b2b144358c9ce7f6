import { balanceMinor, createMemoryLedger, deposit, formatAmount, transfer } from "@tallyline/ledger";

const usd = { code: "USD", exponent: 2 };
const ledger = createMemoryLedger({ currencies: [usd], now: Date.now });
const open = { verb: "open", principal: "me", currency: "USD", minBalanceMinor: 0n, maxBalanceMinor: null } as const;

await ledger.submit({ ...open, id: "1", account: "@cash", kind: "asset" });
await ledger.submit({ ...open, id: "2", account: "alice", kind: "liability" });
await ledger.submit({ ...open, id: "3", account: "bob", kind: "liability" });
await ledger.submit(deposit({ principal: "me", id: "4", account: "alice", amountMinor: 1000n }));

const rent = transfer({ principal: "me", id: "5", from: "alice", to: "bob", amountMinor: 250n });
await ledger.submit(rent);
console.log((await ledger.submit(rent)).replayed); // the same id again: it happened once
console.log(formatAmount(balanceMinor((await ledger.account("alice"))!), usd));
