import type { CashRequest } from "@tallyline/bank-protocol";
import { deposit, withdraw } from "@tallyline/ledger";
import { ownAccount } from "./own-account.ts";
import type { WriteCommand } from "./write-command.ts";

/** `deposit [ACCOUNT] AMOUNT` and `withdraw [ACCOUNT] AMOUNT`: cash against the bank's `@cash`. */
export const cash: WriteCommand<CashRequest> = {
  namesAccounts: true,
  uses: (request, { principal }) => {
    const account = ownAccount(request, principal);
    return typeof account === "string" ? [{ account, as: "pays", amount: request.amount }] : account;
  },
  submission: ({ verb }, { request, uses: [use] }) =>
    (verb === "deposit" ? deposit : withdraw)({ ...request, ...use! }),
};
