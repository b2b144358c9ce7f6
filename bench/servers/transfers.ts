/** The transfers that the ledger and its peers make: between random accounts, ids in the order of time as ULIDs are; always the same ones. */
export interface Transfer {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly amountMinor: number;
}

export function transfersBetween(accounts: number): () => Transfer {
  let state = 1;
  const below = (bound: number) =>
    Math.floor(((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32) * bound);
  let number = 0;
  return () => {
    number += 1;
    const from = below(accounts);
    const to = (from + 1 + below(accounts - 1)) % accounts;
    return { id: `01JX9Z6K3M${String(number).padStart(16, "0")}`, from, to, amountMinor: 1 + below(10_000) };
  };
}
