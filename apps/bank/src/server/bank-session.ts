import {
  COMMANDS,
  PROTOCOL_CAPABILITIES,
  usageOf,
  type BankReply,
  type BankRequest,
  type ParsedRequest,
  type RequestOf,
  type Verb,
  type WriteRequest,
} from "@tallyline/bank-protocol";
import type { Ledger } from "@tallyline/ledger";
import type { AccountDirectory } from "./account-directory.ts";
import type { Authentication } from "./authentication.ts";
import type { ReadCommand } from "./commands/read-command.ts";
import { READS, WRITES } from "./commands/table.ts";
import type { CommandContext } from "./commands/write-command.ts";
import type { Principal } from "./principal.ts";
import { refuse } from "./refusals.ts";
import { mayUse } from "./roles.ts";
import { carryOut, prepare, type Prepared } from "./write.ts";

/** What a session in bank/1 stands on. */
export interface SessionOptions {
  readonly ledger: Ledger;
  readonly directory: AccountDirectory;
  readonly authentication: Authentication;
  /** Who the session is without having said so: by its certificate, or because it is at this machine; asked anew each time. */
  readonly whoIsThere: () => Principal | undefined;
  /** What is known of a user now; undefined when it was removed. */
  readonly userNow: (name: string) => Principal | undefined;
  /** Told of every attempt to authenticate that failed. */
  readonly onAuthFailure: (user: string) => void;
}

/**
 * A session in bank/1: answers requests one by one, and makes sure that they reach the ledger in the order in which they
 * came. Most do so at once; where something has to be read first, those behind wait for that, and only for that.
 *
 * It rejects, or throws, when the ledger has failed.
 */
export class BankSession {
  readonly #options: SessionOptions;
  #user: string | undefined;
  #preparing: Promise<void> | undefined;
  /** The client has said goodbye: nothing behind that is done. */
  #isOver = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** At once where the request waits for nothing. */
  answer(parsed: ParsedRequest): BankReply | Promise<BankReply> {
    return this.#preparing === undefined ? this.#answerNow(parsed) : this.#answerInTurn(parsed);
  }

  async #answerInTurn(parsed: ParsedRequest): Promise<BankReply> {
    while (this.#preparing !== undefined) await this.#preparing;
    return this.#answerNow(parsed);
  }

  #answerNow(parsed: ParsedRequest): BankReply | Promise<BankReply> {
    if (this.#isOver) return { class: "OK", code: "BYE" };
    if (!parsed.ok) {
      const { code, argument, text } = parsed.problem;
      return { ...refuse(code, argument === undefined ? {} : { argument }), text };
    }
    return this.#perform(parsed.request);
  }

  #perform(request: BankRequest): BankReply | Promise<BankReply> {
    switch (request.verb) {
      case "hello":
        return this.#hello(request);
      case "capabilities": {
        const own = [{ name: "auth", value: "SCRAM-SHA-256" }];
        return { class: "OK", code: "CAPABILITIES", capabilities: [...PROTOCOL_CAPABILITIES, ...own] };
      }
      case "ping":
        return { class: "OK", code: "PONG" };
      case "help": {
        const verbs = Object.keys(COMMANDS) as Verb[];
        const commands = verbs.map((verb) => ({ usage: usageOf(verb), summary: COMMANDS[verb].summary }));
        return { class: "OK", code: "HELP", commands };
      }
      case "quit":
        this.#isOver = true;
        return { class: "OK", code: "BYE" };
      case "auth": {
        const { reply, principal, failed } = this.#options.authentication.take(request);
        if (principal !== undefined) this.#user = principal.name;
        if (failed !== undefined) this.#options.onAuthFailure(failed);
        return reply;
      }
      default:
        return this.#asPrincipal(request);
    }
  }

  #asPrincipal(
    request: Exclude<BankRequest, RequestOf<"hello" | "auth" | "ping" | "help" | "quit" | "capabilities">>,
  ): BankReply | Promise<BankReply> {
    const principal = this.#principal();
    if (principal === undefined) return refuse("AUTH_REQUIRED");
    const { ledger, directory } = this.#options;
    const context: CommandContext = { ledger, directory, principal };
    if (isWrite(request)) return this.#write(request, context);
    if (!mayUse(COMMANDS[request.verb], principal.role)) return refuse("FORBIDDEN");
    return (READS[request.verb] as ReadCommand<BankRequest>)(request, context);
  }

  #write(request: WriteRequest, context: CommandContext): BankReply | Promise<BankReply> {
    const prepared = prepare(request, context);
    return prepared instanceof Promise
      ? this.#writeLater(request, prepared, context)
      : carryOut(request, prepared, context);
  }

  async #writeLater(request: WriteRequest, prepared: Promise<Prepared>, context: CommandContext): Promise<BankReply> {
    let release!: () => void;
    this.#preparing = new Promise((resolve) => {
      release = resolve;
    });
    let reply: BankReply | Promise<BankReply>;
    try {
      reply = carryOut(request, await prepared, context);
    } finally {
      this.#preparing = undefined;
      release();
    }
    return reply;
  }

  #hello({ protocol }: { readonly protocol: string }): BankReply {
    if (protocol !== "bank/1") return refuse("UNSUPPORTED", { argument: "protocol" });
    const principal = this.#principal();
    const who = principal === undefined ? {} : { principal: principal.name, role: principal.role };
    return { class: "OK", code: "HELLO", protocol, ...who };
  }

  #principal(): Principal | undefined {
    return this.#user === undefined ? this.#options.whoIsThere() : this.#options.userNow(this.#user);
  }
}

function isWrite(request: BankRequest): request is WriteRequest {
  return Object.hasOwn(WRITES, request.verb);
}
