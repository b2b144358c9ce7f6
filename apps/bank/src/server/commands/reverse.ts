import type { ReverseRequest } from "@tallyline/bank-protocol";
import type { WriteCommand } from "./write-command.ts";

/** `reverse TRANSFER` What was paid by the entry pays now, so whoever asks needs the right to its money. */
export const reverse: WriteCommand<ReverseRequest> = {
  namesAccounts: false,
  uses: async ({ transfer }, { ledger, principal }) => {
    const found = await ledger.lookup({ principal: principal.name, id: transfer });
    const legs = found?.answer.ok === true ? found.answer.legs : [];
    return legs.map(({ account, side }) => ({ account, as: side === "credit" ? "pays" : "is-paid" }));
  },
  submission: ({ transfer }, { request }) => ({ verb: "reverse", ...request, entry: transfer }),
};
