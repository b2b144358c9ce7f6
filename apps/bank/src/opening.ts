import { transfer, type AccountTerms, type Command, type Currency, type Ledger } from "@tallyline/ledger";

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

  const commands: Command[] = [
    open({ account: "@cash", currency: USD.code, normalSide: "debit", minBalanceMinor: null }),
    open({ account: "@opening", currency: USD.code, normalSide: "debit", minBalanceMinor: null }),
    open({ account: plain.account, currency: USD.code, normalSide: "credit", minBalanceMinor: 0n }),
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

function open(terms: AccountTerms): Command {
  return { kind: "open", principal: BANK, id: `open:${terms.account}`, ...terms };
}
