import type { BankAnswer, BankMessage, BankReply, PlainReply } from "@tallyline/bank-protocol";
import type { StoreInterruptedError } from "@tallyline/ledger";
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

type Answered = BankAnswer | undefined | Promise<BankAnswer | undefined>;

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

  /** At once where the request waits for nothing. @param close Called with the last answer; no answer is the last too. */
  answer(message: BankMessage, close: () => void): Answered {
    this.dialect = message.dialect;
    return message.dialect === "plain" ? this.#answerPlain(message.request, close) : this.#answerBank(message, close);
  }

  #answerBank(message: Extract<BankMessage, { dialect: "bank/1" }>, close: () => void): Answered {
    const { tag } = message;
    const answered = (reply: BankReply): BankAnswer => {
      if (reply.code === "BYE") close();
      return { dialect: "bank/1", tag, reply };
    };
    const failed = (error: unknown): BankAnswer => {
      if (isInterruption(error)) return { dialect: "bank/1", tag, reply: refuseInterrupted(error) };
      this.#options.onLedgerFailure(error);
      const mayHaveHappened = message.ok && "id" in message.request && message.request.verb !== "lookup";
      close();
      return { dialect: "bank/1", tag, reply: refuse(mayHaveHappened ? "OUTCOME_UNKNOWN" : "STORE_UNAVAILABLE") };
    };
    try {
      const reply = this.#options.bank.answer(message);
      return reply instanceof Promise ? reply.then(answered, failed) : answered(reply);
    } catch (error) {
      return failed(error);
    }
  }

  async #answerPlain(request: Parameters<PlainSession>[0], close: () => void): Promise<BankAnswer | undefined> {
    // No reply of the plain dialect says this, and none looks like it.
    if (!this.#options.servesPlain()) return { dialect: "bank/1", tag: undefined, reply: refuse("AUTH_REQUIRED") };
    let reply: PlainReply | undefined;
    try {
      reply = await this.#options.plain(request);
    } catch (error) {
      if (!isInterruption(error)) this.#options.onLedgerFailure(error);
    }
    if (reply !== undefined) return { dialect: "plain", reply };
    close();
    return undefined;
  }
}

/** By its name: a program carries the ledger in its own file, and a store from outside of it has another copy of the class. */
function isInterruption(error: unknown): error is StoreInterruptedError {
  return error instanceof Error && error.name === "StoreInterruptedError";
}
