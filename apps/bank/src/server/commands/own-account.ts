import type { Refusal } from "@tallyline/bank-protocol";
import type { Principal } from "../principal.ts";
import { refuse } from "../refusals.ts";

/** The account that a request is about: the one it names, or else the session's own. */
export function ownAccount(request: { readonly account?: string }, principal: Principal): string | Refusal {
  return request.account ?? principal.account ?? refuse("ARGUMENT_MISSING", { argument: "account" });
}
