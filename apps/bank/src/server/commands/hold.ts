import type { HoldRequest } from "@tallyline/bank-protocol";
import type { WriteCommand } from "./write-command.ts";

/** `hold FROM TO AMOUNT [expires_s=]` */
export const hold: WriteCommand<HoldRequest> = {
  namesAccounts: true,
  uses: ({ from, to, amount }) => [
    { account: from, as: "pays", amount },
    { account: to, as: "is-paid" },
  ],
  submission: ({ expiresS }, { request, uses: [from, to] }) => ({
    verb: "hold",
    ...request,
    from: from!.account,
    to: to!.account,
    amountMinor: from!.amountMinor,
    expiresInMs: expiresS === undefined ? null : expiresS * 1000,
  }),
};
