import type { CaptureRequest } from "@tallyline/bank-protocol";
import { holdAccount } from "./hold-account.ts";
import type { WriteCommand } from "./write-command.ts";

/** `capture HOLD [AMOUNT] [final=1]` */
export const capture: WriteCommand<CaptureRequest> = {
  namesAccounts: false,
  uses: async ({ hold, amount }, context) => {
    const account = await holdAccount(hold, context);
    return account === undefined ? [] : [{ account, as: "pays", ...(amount !== undefined && { amount }) }];
  },
  submission: ({ hold, amount, final }, { request, uses: [use] }) => ({
    verb: "capture",
    ...request,
    hold,
    // Of a hold that there is not, what is to be captured does not matter.
    amountMinor: amount === undefined || use === undefined ? null : use.amountMinor,
    isFinal: final === true,
  }),
};
