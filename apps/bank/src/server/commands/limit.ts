import type { LimitRequest } from "@tallyline/bank-protocol";
import { boundsOf } from "./bounds.ts";
import type { WriteCommand } from "./write-command.ts";

/** `limit ACCOUNT [min=] [max=]` */
export const limit: WriteCommand<LimitRequest> = {
  namesAccounts: true,
  uses: ({ account }) => [{ account, as: "is-managed" }],
  submission: (asked, { request }, { directory }) => {
    const currency = directory.known(asked.account)?.currency ?? directory.defaultCurrency;
    const bounds = boundsOf(asked, currency);
    return "class" in bounds ? bounds : { verb: "limit", ...request, account: asked.account, ...bounds };
  },
};
