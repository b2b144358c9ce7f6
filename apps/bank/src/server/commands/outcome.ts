import type { OutcomeRequest } from "@tallyline/bank-protocol";
import type { Answer, RefusalCode } from "@tallyline/ledger";
import { outcomeOf } from "../receipts.ts";
import { refuse, replyCodeOf } from "../refusals.ts";
import { holdAccount } from "./hold-account.ts";
import type { ReadCommand } from "./read-command.ts";

/** `lookup id=` tells what became of an id; `settle id=` also fences it if nothing did. */
export const outcome: ReadCommand<OutcomeRequest> = async ({ verb, id }, context) => {
  const { ledger, directory, principal } = context;
  const identity = { principal: principal.name, id };
  const pending = verb === "settle" ? ledger.submit({ verb, ...identity }) : undefined;
  const [answer, found] = await Promise.all([pending, ledger.lookup(identity)]);
  const known = answer ?? found?.answer;
  if (known === undefined) return { class: "OK", code: "UNSEEN" };
  if (!known.ok && NOT_ASKED.has(known.code)) return refuse(replyCodeOf(known.code));

  await directory.load(accountsOf(known));
  // What a hold had left is in the hold's currency, which the refusal does not name.
  const command = found?.command;
  const account = command?.verb === "capture" ? await holdAccount(command.hold, context) : undefined;
  if (account !== undefined) await directory.load([account]);
  const currency = directory.known(account ?? "")?.currency ?? directory.defaultCurrency;
  return outcomeOf(known, { principal, directory, written: [], currency });
};

/** What a store answers without having looked. */
const NOT_ASKED: ReadonlySet<RefusalCode> = new Set(["STORE_BUSY", "STORE_FULL", "STORE_UNAVAILABLE"]);

function accountsOf(answer: Answer): string[] {
  if (answer.ok) return answer.accounts.map(({ account }) => account).concat(answer.hold?.from ?? []);
  return answer.account === undefined ? [] : [answer.account];
}
