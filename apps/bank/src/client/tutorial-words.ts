import { decodePlainRequest, encodePlainReply, type BankReply, type PlainReply } from "@tallyline/bank-protocol";
import { EXIT } from "@tallyline/program";
import type { BankClient } from "../client.ts";
import type { Shown } from "./client-words.ts";
import type { Outcome } from "./outcome.ts";

/** The three commands of the plain dialect, typed to a bank that speaks bank/1: carried out there, answered in its words. */
export type TutorialCommand =
  | { readonly kind: "balance" }
  | { readonly kind: "deposit" | "withdraw"; readonly amount: string };

/** Whether a line is one of them. */
export function tutorialCommand(line: string): TutorialCommand | undefined {
  const request = decodePlainRequest(line);
  return request.kind === "balance" || request.kind === "deposit" || request.kind === "withdraw" ? request : undefined;
}

/** What the plain dialect says to a line that no dialect knows. */
export function notUnderstood(line: string): Shown {
  const request = decodePlainRequest(line);
  const reply: PlainReply = request.kind === "invalid-amount" ? request : { kind: "invalid-command" };
  return { text: encodePlainReply(reply), exitCode: EXIT.refused };
}

/** @returns undefined when the plain dialect has no words for the answer. */
export async function askBalance(
  client: BankClient,
): Promise<{ readonly reply: BankReply; readonly shown: Shown | undefined }> {
  const reply = await client.balance();
  if (reply.class !== "OK" || reply.currency !== "USD") return { reply, shown: undefined };
  return { reply, shown: said({ kind: "balance", balance: reply.booked }, EXIT.answered) };
}

/** The outcome of a deposit or a withdrawal. @returns undefined when the plain dialect has no words for it. */
export function outcomeInTutorialWords(command: TutorialCommand, outcome: Outcome): Shown | undefined {
  if (command.kind === "balance") return undefined;
  const { kind: verb, amount } = command;
  if (outcome.kind === "done") {
    // The bank's own @cash is the other one, where it is shown.
    const own = outcome.balances.find(({ account }) => !account.startsWith("@"));
    if (own?.currency !== "USD") return undefined;
    const kind = verb === "deposit" ? "deposited" : "withdrew";
    return said({ kind, amount: shortest(amount), balance: own.booked }, EXIT.answered);
  }
  if (outcome.kind === "fenced") return undefined;
  switch (outcome.code) {
    case "INSUFFICIENT_FUNDS":
      return said({ kind: "insufficient-funds" }, EXIT.refused);
    case "AMOUNT_INVALID":
    case "AMOUNT_PRECISION":
    case "ZERO_AMOUNT":
    case "OVERFLOW":
      return said({ kind: "invalid-amount", verb }, EXIT.refused);
    default:
      return undefined;
  }
}

function said(reply: PlainReply, exitCode: number): Shown {
  return { text: encodePlainReply(reply), exitCode };
}

/** The plain dialect shows the shortest exact decimal. */
function shortest(amount: string): string {
  return amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount;
}
