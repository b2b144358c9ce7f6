import { transfer, type AccountTerms, type Currency, type Ledger, type OpenCommand } from "@tallyline/ledger";

/** The currency of the plain dialect, whose replies write amounts with a dollar sign. */
export const USD: Currency = { code: "USD", exponent: 2 };

/** The bank's own principals: no client can use an id of theirs. The ids are the names of accounts. */
const OPENS_ACCOUNTS = "@bank:open";
const PAYS_OPENING_BALANCES = "@bank:opening";

/**
 * Makes sure that the bank's own accounts and the plain account exist. The opening balance is a balanced entry against
 * `@opening`, made together with the account and never later: all of it is one commit, so a crash leaves all or nothing.
 * @throws Error when the books do not take it, now or at an earlier start.
 */
export async function openAccounts(
  ledger: Ledger,
  plain: { readonly account: string; readonly openingBalanceMinor: bigint },
): Promise<void> {
  const isNew = (await ledger.account(plain.account)) === undefined;
  const identity = { principal: PAYS_OPENING_BALANCES, id: plain.account };
  const opening =
    isNew && plain.openingBalanceMinor > 0n
      ? transfer({ ...identity, from: "@opening", to: plain.account, amountMinor: plain.openingBalanceMinor })
      : ({ verb: "settle", ...identity } as const);
  const commands = [
    open({ account: "@cash", kind: "asset", minBalanceMinor: null }),
    open({ account: "@opening", kind: "equity", minBalanceMinor: null }),
    open({ account: plain.account, kind: "liability", minBalanceMinor: 0n }),
    opening,
  ];
  for (const result of await Promise.all(commands.map((command) => ledger.submit(command)))) {
    if (result.ok || result.code === "ID_FENCED") continue; // fenced: it was opened with nothing
    throw new Error(`account ${plain.account} could not be opened with its balance: ${result.code}`);
  }
}

function open(terms: Pick<AccountTerms, "account" | "kind" | "minBalanceMinor">): OpenCommand {
  return {
    verb: "open",
    principal: OPENS_ACCOUNTS,
    id: terms.account,
    currency: USD.code,
    maxBalanceMinor: null,
    ...terms,
  };
}
