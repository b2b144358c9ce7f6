import {
  transfer,
  type AccountTerms,
  type Currency,
  type Ledger,
  type OpenCommand,
  type PostCommand,
} from "@tallyline/ledger";

/** The currency of the plain dialect, whose replies write amounts with a dollar sign. */
export const USD: Currency = { code: "USD", exponent: 2 };

/** The bank's own principal: no client can use an id of its. */
const BANK = "@bank";

/**
 * Makes sure that the bank's own accounts and the plain account exist. The opening balance is a balanced entry against
 * `@opening`, made only together with the account: all of it is one commit, so a crash leaves all or nothing.
 */
export async function openAccounts(
  ledger: Ledger,
  plain: { readonly account: string; readonly openingBalanceMinor: bigint },
): Promise<void> {
  if ((await ledger.account(plain.account)) !== undefined) return;

  const commands: (OpenCommand | PostCommand)[] = [
    open({ account: "@cash", kind: "asset", minBalanceMinor: null }),
    open({ account: "@opening", kind: "equity", minBalanceMinor: null }),
    open({ account: plain.account, kind: "liability", minBalanceMinor: 0n }),
  ];
  if (plain.openingBalanceMinor > 0n) {
    const id = `opening:${plain.account}`;
    const amountMinor = plain.openingBalanceMinor;
    commands.push(transfer({ principal: BANK, id, from: "@opening", to: plain.account, amountMinor }));
  }
  for (const result of await Promise.all(commands.map((command) => ledger.submit(command)))) {
    if (!result.ok) throw new Error(`the bank's books cannot be opened: ${result.code} ${result.account ?? ""}`.trim());
  }
}

function open(terms: Pick<AccountTerms, "account" | "kind" | "minBalanceMinor">): OpenCommand {
  const id = `open:${terms.account}`;
  return { verb: "open", principal: BANK, id, currency: USD.code, maxBalanceMinor: null, ...terms };
}
