import type { BankAnswer, BankMessage, PlainReply } from "@tallyline/bank-protocol";
import { StoreInterruptedError } from "@tallyline/ledger";
import type { BankSession } from "./bank-session.ts";
import type { PlainSession } from "./plain-session.ts";
import { refuse, refuseInterrupted } from "./refusals.ts";

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly plain: PlainSession;
  readonly bank: BankSession;
  /** Whether the plain dialect is served: not once the bank has users. */
  readonly servesPlain: () => boolean;
  /** Told when the ledger has failed: what was in flight is unknown. */
  readonly onLedgerFailure: (error: unknown) => void;
}

/**
 * One connection of a bank: what it does with each line, in the dialect that the line is in.
 *
 * In both a request takes effect in the order in which it came, and is answered when its outcome is durable. Where the
 * ledger has failed nobody knows the outcome: bank/1 says so, `UNK`; the plain dialect has no word for it, and the
 * connection closes without one. A store that only lost its connection, and goes on, is answered in bank/1 and no reason to
 * close.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  /** The dialect of the last line. */
  dialect: BankMessage["dialect"] = "plain";

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** @param close Called with the last answer; no answer is the last too. */
  async answer(message: BankMessage, close: () => void): Promise<BankAnswer | undefined> {
    this.dialect = message.dialect;
    if (message.dialect === "plain") {
      const answer = await this.#answerPlain(message.request);
      if (answer === undefined) close();
      return answer;
    }
    const { tag } = message;
    try {
      const reply = await this.#options.bank.answer(message);
      if (reply.code === "BYE") close();
      return { dialect: "bank/1", tag, reply };
    } catch (error) {
      if (error instanceof StoreInterruptedError) return { dialect: "bank/1", tag, reply: refuseInterrupted(error) };
      this.#options.onLedgerFailure(error);
      const mayHaveHappened = message.ok && "id" in message.request && message.request.verb !== "lookup";
      close();
      return { dialect: "bank/1", tag, reply: refuse(mayHaveHappened ? "OUTCOME_UNKNOWN" : "STORE_UNAVAILABLE") };
    }
  }

  async #answerPlain(request: Parameters<PlainSession>[0]): Promise<BankAnswer | undefined> {
    // No reply of the plain dialect says this, and none looks like it.
    if (!this.#options.servesPlain()) return { dialect: "bank/1", tag: undefined, reply: refuse("AUTH_REQUIRED") };
    let reply: PlainReply | undefined;
    try {
      reply = await this.#options.plain(request);
    } catch (error) {
      if (!(error instanceof StoreInterruptedError)) this.#options.onLedgerFailure(error);
    }
    return reply === undefined ? undefined : { dialect: "plain", reply };
  }
}
