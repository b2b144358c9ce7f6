import type { AccountsRequest } from "@tallyline/bank-protocol";
import { wireAccount } from "../receipts.ts";
import { refuse } from "../refusals.ts";
import type { ReadCommand } from "./read-command.ts";

/** `accounts [after=] [limit=]` */
export const accounts: ReadCommand<AccountsRequest> = async ({ after, limit = 100 }, { ledger, directory }) => {
  const begin = after === undefined ? Promise.resolve() : ledger.account(after);
  const pending = ledger.accounts({ limit, ...(after !== undefined && { after }) }).catch((error: unknown) => {
    if (error instanceof RangeError) return undefined; // there is no account to begin after
    throw error;
  });
  const [first, page] = await Promise.all([begin, pending]);
  if (page === undefined || (after !== undefined && first === undefined)) {
    return refuse("ACCOUNT_UNKNOWN", { account: after! });
  }
  const last = page.accounts.at(-1);
  return {
    class: "OK",
    code: "ACCOUNTS",
    accounts: page.accounts.map((account) => wireAccount(account, directory.learn(account).currency)),
    ...(page.hasMore && last !== undefined && { next: last.account }),
  };
};
