import type { JournalRequest } from "@tallyline/bank-protocol";
import type { WriteCommand } from "./write-command.ts";

/** `journal leg=ACCOUNT:D:AMOUNT leg=ACCOUNT:C:AMOUNT …` A customer's accounts pay by a debit and are paid by a credit. */
export const journal: WriteCommand<JournalRequest> = {
  namesAccounts: true,
  uses: ({ legs }) =>
    legs.map(({ account, side, amount }) => ({ account, as: side === "debit" ? "pays" : "is-paid", amount })),
  submission: ({ legs }, { request, uses }) => ({
    verb: "post",
    ...request,
    legs: legs.map(({ side }, index) => ({ ...uses[index]!, side })),
  }),
};
