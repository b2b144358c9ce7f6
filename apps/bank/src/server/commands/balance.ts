import type { BalanceRequest } from "@tallyline/bank-protocol";
import { maySee } from "../principal.ts";
import { wireAccount } from "../receipts.ts";
import { refuse } from "../refusals.ts";
import { ownAccount } from "./own-account.ts";
import type { ReadCommand } from "./read-command.ts";

/** `balance [ACCOUNT]` */
export const balance: ReadCommand<BalanceRequest> = async (request, { ledger, directory, principal }) => {
  const name = ownAccount(request, principal);
  if (typeof name !== "string") return name;
  const account = await ledger.account(name);
  const facts = account && directory.learn(account);
  if (facts === undefined || !maySee(principal, name, facts)) return refuse("ACCOUNT_UNKNOWN", { account: name });
  return { class: "OK", code: "BALANCE", ...wireAccount(account!, facts.currency) };
};
