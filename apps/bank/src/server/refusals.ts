import { codeFacts, type Refusal, type RefusalFacts, type ReplyCode } from "@tallyline/bank-protocol";
import type { RefusalCode, Refused, StoreInterruptedError } from "@tallyline/ledger";

/** A refusal in the words of the table of codes: the same code and facts are always the same bytes. */
export function refuse(code: ReplyCode, facts: RefusalFacts = {}): Refusal {
  const known = codeFacts(code)!;
  return { class: known.class, code, ...facts, text: known.text };
}

/** The wire's code for a refusal of the ledger's: the same, but for what a store says of itself. */
export function replyCodeOf(code: RefusalCode): ReplyCode {
  switch (code) {
    case "STORE_BUSY":
      return "BUSY";
    case "STORE_FULL":
      return "READ_ONLY";
    case "METADATA_INVALID":
    case "VERSION_INVALID":
      throw new Error(`the ledger answered ${code} to what the wire cannot ask`);
    default:
      return code;
  }
}

/** What a call that got no answer is answered, where the ledger goes on. */
export function refuseInterrupted({ code }: StoreInterruptedError): Refusal {
  return refuse(code === "STORE_BUSY" ? "BUSY" : code);
}

/**
 * An account that a session may not see is named so to the ledger: it is as unknown as one that there is not, and the
 * refusal is on record like any other, so that the id stays taken. Nobody can open an account of such a name.
 */
const HIDDEN = "@unknown:";
const HIDDEN_OWN = "@unknown-own:"; // an account of the bank's: its own @ cannot stand in the middle of a name

export function hiddenName(account: string): string {
  const name = account.startsWith("@") ? HIDDEN_OWN + account.slice(1) : HIDDEN + account;
  return name.slice(0, 64);
}

/** The account that a refusal is about, as the session wrote it. */
export function blamedAccount({ account, code }: Refused, written: readonly string[]): string | undefined {
  if (account === undefined || code !== "ACCOUNT_UNKNOWN") return account;
  const asWritten = written.find((name) => name === account || hiddenName(name) === account);
  return asWritten ?? shownAgain(account);
}

/** Where it is not known how it was written, all are shown as long as what may have been cut off leaves them. */
function shownAgain(account: string): string {
  const name = account.startsWith(HIDDEN_OWN) ? `@${account.slice(HIDDEN_OWN.length)}` : account;
  return (name.startsWith(HIDDEN) ? name.slice(HIDDEN.length) : name).slice(0, 64 - HIDDEN_OWN.length);
}
