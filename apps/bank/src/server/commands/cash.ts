import type { CashRequest } from "@tallyline/bank-protocol";
import { transfer } from "@tallyline/ledger";
import { cashAccount } from "../cash-accounts.ts";
import { ownAccount } from "./own-account.ts";
import type { WriteCommand } from "./write-command.ts";

/** `deposit [ACCOUNT] AMOUNT` and `withdraw [ACCOUNT] AMOUNT`: cash against the bank's own, of the account's currency. */
export const cash: WriteCommand<CashRequest> = {
  namesAccounts: true,
  uses: (request, { principal }) => {
    const account = ownAccount(request, principal);
    return typeof account === "string" ? [{ account, as: "pays", amount: request.amount }] : account;
  },
  submission: ({ verb }, { request, uses: [use] }, { directory }) => {
    const { account, amountMinor } = use!;
    const cashIs = cashAccount(directory.known(account)?.currency ?? directory.defaultCurrency);
    const [from, to] = verb === "deposit" ? [cashIs, account] : [account, cashIs];
    return transfer({ ...request, from, to, amountMinor });
  },
};
