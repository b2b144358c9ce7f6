import type { StatusRequest } from "@tallyline/bank-protocol";
import type { WriteCommand } from "./write-command.ts";

/** `close ACCOUNT`, `freeze ACCOUNT`, `unfreeze ACCOUNT` */
export const status: WriteCommand<StatusRequest> = {
  namesAccounts: true,
  uses: ({ account }) => [{ account, as: "is-managed" }],
  submission: ({ verb, account }, { request }) => ({ verb, ...request, account }),
};
