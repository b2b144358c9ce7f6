import type { StatementRequest } from "@tallyline/bank-protocol";
import { formatAmount } from "@tallyline/ledger";
import { maySee } from "../principal.ts";
import { wireEntry } from "../receipts.ts";
import { refuse } from "../refusals.ts";
import { ownAccount } from "./own-account.ts";
import type { ReadCommand } from "./read-command.ts";

/** `statement [ACCOUNT] [after=] [limit=]` */
export const statement: ReadCommand<StatementRequest> = async (request, { ledger, directory, principal }) => {
  const name = ownAccount(request, principal);
  if (typeof name !== "string") return name;
  const { after: afterVersion = 0, limit = 100 } = request;
  const [account, page] = await Promise.all([ledger.account(name), ledger.statement(name, { afterVersion, limit })]);
  const facts = account && directory.learn(account);
  if (facts === undefined || page === undefined || !maySee(principal, name, facts)) {
    return refuse("ACCOUNT_UNKNOWN", { account: name });
  }
  const { currency } = facts;
  const last = page.entries.at(-1);
  return {
    class: "OK",
    code: "STATEMENT",
    account: name,
    currency: currency.code,
    opening: formatAmount(page.openingMinor, currency),
    closing: formatAmount(page.closingMinor, currency),
    entries: page.entries.map((entry) => wireEntry(entry, currency)),
    ...(page.hasMore && last !== undefined && { next: last.version }),
  };
};
