import { ClientConversation, type ConversationEvent, type Framing } from "@tallyline/bank-protocol";
import { BankClientError } from "./client-error.ts";
import { connectTcp, type TcpConnection } from "@tallyline/tcp";

/** Where a bank server is, and how it tells requests apart. */
export interface PlainAddress {
  readonly host: string;
  readonly port: number;
  /** "auto" asks the server first. */
  readonly framing: Framing | "auto";
}

/** One connection to a bank server: the conversation of bank-protocol, given a socket and a clock. */
export class PlainDialogue {
  readonly #connection: TcpConnection;
  readonly #conversation: ClientConversation;
  #failure: unknown; // why reading ended, when it was not the server ending its side
  #isOver = false;
  #offersBank = false;
  #hasRead = false;
  #notify: () => void = () => {};

  /** Connects and finds out the framing. @throws BankClientError, never "unknown". */
  static async open(address: PlainAddress, deadlineMs: number): Promise<PlainDialogue> {
    const { host, port } = address;
    const deadlineAtMs = performance.now() + deadlineMs;
    let connection: TcpConnection;
    try {
      connection = await connectTcp({ host, port, connectTimeoutMs: deadlineMs });
    } catch (error) {
      throw new BankClientError("not-sent", messageOf(error), { cause: error });
    }
    const dialogue = new PlainDialogue(connection, new ClientConversation(address.framing));
    try {
      await connection.write(dialogue.#conversation.opening());
      const event = await dialogue.#event(deadlineAtMs);
      if (event.kind === "ready" && event.isBank !== true) return dialogue;
      if (event.kind === "ready") {
        // It speaks bank/1 on this connection now; to speak plainly takes another one.
        await dialogue.close();
        const plain = await PlainDialogue.open({ ...address, framing: "line" }, deadlineMs);
        plain.#offersBank = true;
        return plain;
      }
      throw new Error(event.kind === "lost" ? event.reason : "it answered before it was asked");
    } catch (error) {
      const delivery = dialogue.#hasClosedAtOnce ? "rejected" : "not-sent";
      await dialogue.close();
      const message = `${host}:${port} takes no commands: ${messageOf(error)}`;
      throw new BankClientError(delivery, message, { cause: error });
    }
  }

  private constructor(connection: TcpConnection, conversation: ClientConversation) {
    this.#connection = connection;
    this.#conversation = conversation;
    void this.#read();
  }

  /** How this server tells requests apart. */
  get framing(): Framing {
    return this.#conversation.framing!;
  }

  /** It answered the question about its framing by beginning bank/1. */
  get offersBank(): boolean {
    return this.#offersBank;
  }

  /** The server has ended the connection, or it failed: the next command needs another one. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a command and waits for its answer. One at a time. @throws BankClientError, "unknown" once it was sent. */
  async exchange(command: string, deadlineMs: number): Promise<string> {
    const deadlineAtMs = performance.now() + deadlineMs;
    const earlier = this.#conversation.next();
    if (earlier?.kind === "lost") {
      await this.close();
      throw new BankClientError("not-sent", earlier.reason);
    }
    const request = this.#conversation.request(command);
    try {
      await this.#connection.write(request);
      const event = await this.#event(deadlineAtMs);
      if (event.kind === "reply") return event.text;
      throw new Error(event.kind === "lost" ? event.reason : "it changed its framing");
    } catch (error) {
      await this.close(); // a late answer must never be taken for the next one's
      const message = `no answer to "${command}", it may or may not have been executed: ${messageOf(error)}`;
      throw new BankClientError("unknown", message, { cause: error });
    }
  }

  /** A server that is full or shutting down ends a connection without a word, or resets it for what it did not read. */
  get #hasClosedAtOnce(): boolean {
    return this.#isOver && !this.#hasRead;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#connection.close();
  }

  async #read(): Promise<void> {
    try {
      for (let bytes = await this.#connection.read(); bytes !== undefined; bytes = await this.#connection.read()) {
        this.#hasRead = true;
        this.#conversation.receive(bytes, performance.now());
        this.#notify();
      }
      this.#conversation.end();
    } catch (error) {
      this.#failure = error;
    }
    this.#isOver = true;
    this.#notify();
  }

  async #event(deadlineAtMs: number): Promise<ConversationEvent> {
    for (;;) {
      const event = this.#conversation.next();
      if (event !== undefined) return event;
      if (this.#isOver) throw this.#failure ?? new Error("the connection is closed");
      const nowMs = performance.now();
      if (nowMs >= deadlineAtMs) throw new Error("its time is up");
      await this.#somethingNew(Math.min(this.#conversation.wakeAtMs ?? deadlineAtMs, deadlineAtMs) - nowMs);
      this.#conversation.wake(performance.now());
    }
  }

  #somethingNew(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(atMostMs));
      this.#notify = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
