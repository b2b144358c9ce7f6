import type { ReleaseRequest } from "@tallyline/bank-protocol";
import { holdAccount } from "./hold-account.ts";
import type { WriteCommand } from "./write-command.ts";

/** `release HOLD` Money stays where it is, so whoever made the hold may. */
export const release: WriteCommand<ReleaseRequest> = {
  namesAccounts: false,
  uses: async ({ hold }, context) => {
    const account = await holdAccount(hold, context);
    return account === undefined ? [] : [{ account, as: "is-paid" }];
  },
  submission: ({ hold }, { request }) => ({ verb: "release", ...request, hold }),
};
