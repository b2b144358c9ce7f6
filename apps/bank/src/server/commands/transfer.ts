import type { TransferRequest } from "@tallyline/bank-protocol";
import { transfer as transferCommand } from "@tallyline/ledger";
import type { WriteCommand } from "./write-command.ts";

/** `transfer FROM TO AMOUNT` */
export const transfer: WriteCommand<TransferRequest> = {
  namesAccounts: true,
  uses: ({ from, to, amount }) => [
    { account: from, as: "pays", amount },
    { account: to, as: "is-paid" },
  ],
  submission: (_, { request, uses: [from, to] }) =>
    transferCommand({ ...request, from: from!.account, to: to!.account, amountMinor: from!.amountMinor }),
};
