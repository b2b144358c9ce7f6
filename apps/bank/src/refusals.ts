import { codeFacts, type Refusal, type RefusalFacts, type ReplyCode } from "@tallyline/bank-protocol";
import type { RefusalCode, Refused } from "@tallyline/ledger";

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

/**
 * An account that a session may not see is named so to the ledger: it is as unknown as one that there is not, and the
 * refusal is on record like any other, so that the id stays taken. Nobody can open an account of such a name.
 */
const HIDDEN = "@unknown:";

export function hiddenName(account: string): string {
  return (HIDDEN + account).slice(0, 64);
}

/** The account that a refusal is about, as the session wrote it. */
export function blamedAccount(refused: Refused, written: readonly string[]): string | undefined {
  const { account } = refused;
  if (account?.startsWith(HIDDEN) !== true) return account;
  return written.find((name) => hiddenName(name) === account) ?? account.slice(HIDDEN.length);
}
