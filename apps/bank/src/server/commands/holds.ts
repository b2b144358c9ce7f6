import type { HoldsRequest } from "@tallyline/bank-protocol";
import { maySee } from "../principal.ts";
import { wireHold } from "../receipts.ts";
import { refuse } from "../refusals.ts";
import { ownAccount } from "./own-account.ts";
import type { ReadCommand } from "./read-command.ts";

/** `holds [ACCOUNT] [after=] [limit=]` What others promise to an account is theirs to show. */
export const holds: ReadCommand<HoldsRequest> = async (request, { ledger, directory, principal }) => {
  const name = ownAccount(request, principal);
  if (typeof name !== "string") return name;
  const { after: afterSeq = 0, limit = 100 } = request;
  const [account, page] = await Promise.all([ledger.account(name), ledger.holds(name, { afterSeq, limit })]);
  const facts = account && directory.learn(account);
  if (facts === undefined || page === undefined || !maySee(principal, name, facts)) {
    return refuse("ACCOUNT_UNKNOWN", { account: name });
  }
  await directory.load(page.holds.map(({ from }) => from));
  const seen = page.holds.filter(({ from }) => maySee(principal, from, directory.known(from)));
  const last = page.holds.at(-1);
  return {
    class: "OK",
    code: "HOLDS",
    holds: seen.map((hold) => wireHold(hold, facts.currency)),
    ...(page.hasMore && last !== undefined && { next: last.seq }),
  };
};
