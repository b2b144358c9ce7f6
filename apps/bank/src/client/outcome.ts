import type { BankReply, Receipt, Refusal, RefusalFacts, ReplyCode } from "@tallyline/bank-protocol";

/** What a write came to. There is no fourth thing. */
export type Outcome =
  /** It happened, durably. `isReplayed`: at an earlier attempt. */
  | ({ readonly kind: "done"; readonly id: string; readonly isReplayed: boolean } & Receipt)
  /**
   * It did not happen. `isFinal`: nor ever will under this id; otherwise the bank did not understand it, and the id may be
   * used for what it does understand.
   */
  | ({
      readonly kind: "declined";
      readonly id: string;
      readonly code: ReplyCode;
      readonly isFinal: boolean;
      /** For people, where the bank said something. */
      readonly text?: string;
    } & Omit<RefusalFacts, "replayed" | "retryMs">)
  /** It did not happen, and never will: the id was settled before it got there. */
  | { readonly kind: "fenced"; readonly id: string };

/** What a reply to a write, a `lookup` or a `settle` says of the outcome; undefined when it says nothing final. */
export function outcomeOf(id: string, reply: BankReply): Outcome | undefined {
  switch (reply.class) {
    case "NO":
      return reply.code === "ID_FENCED" ? { kind: "fenced", id } : declined(id, reply, true);
    case "BAD":
      return declined(id, reply, false);
    case "TRY":
    case "UNK":
      return undefined;
    case "OK":
      break;
  }
  switch (reply.code) {
    case "DONE": {
      const { seq, time, head, balances, holds } = reply;
      const receipt = { seq, time, ...(head !== undefined && { head }), balances, holds };
      return { kind: "done", id, isReplayed: reply.replayed === true, ...receipt };
    }
    case "EXECUTED": {
      const { seq, time, head, balances, holds } = reply;
      const receipt = { seq, time, ...(head !== undefined && { head }), balances, holds };
      return { kind: "done", id, isReplayed: true, ...receipt };
    }
    case "DECLINED": {
      const { declined: code, account, currency, available, argument } = reply;
      return { kind: "declined", id, code, isFinal: true, ...defined({ account, currency, available, argument }) };
    }
    case "FENCED":
      return { kind: "fenced", id };
    default:
      return undefined;
  }
}

function declined(id: string, refusal: Refusal, isFinal: boolean): Outcome {
  const { code, text, account, currency, available, argument } = refusal;
  return { kind: "declined", id, code, isFinal, ...defined({ text, account, currency, available, argument }) };
}

function defined<T extends object>(facts: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
