import type { OpenRequest } from "@tallyline/bank-protocol";
import { refuse } from "../refusals.ts";
import { boundsOf } from "./bounds.ts";
import type { WriteCommand } from "./write-command.ts";

/** `open ACCOUNT currency= [kind=] [min=] [max=] [owner=]` */
export const open: WriteCommand<OpenRequest> = {
  namesAccounts: true,
  uses: ({ account }) => [{ account, as: "is-managed" }],
  submission: (asked, { request }, { directory }) => {
    const { account, currency: code, kind = "liability", owner } = asked;
    const currency = directory.currency(code);
    if (currency === undefined) return refuse("CURRENCY_UNKNOWN", { argument: "currency" });
    // The names of the bank's own accounts are given by the bank's program.
    if (account.startsWith("@")) return refuse("ACCOUNT_INVALID", { argument: "account" });
    // A customer could make money of nothing with an account that grows by debits.
    if (owner !== undefined && kind !== "liability") return refuse("OWNER_INVALID", { argument: "owner" });
    const bounds = boundsOf(asked, currency);
    if ("class" in bounds) return bounds;
    const profile = owner === undefined ? {} : { owner };
    return { verb: "open", ...request, account, currency: code, kind, ...bounds, ...profile };
  },
};
