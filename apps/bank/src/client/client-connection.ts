import { randomBytes } from "node:crypto";
import {
  BankConversation,
  ScramClient,
  type BankReply,
  type BankRequest,
  type PasswordHash,
} from "@tallyline/bank-protocol";
import { scramCrypto } from "../scram-crypto.ts";

/** A stream of bytes to a bank: what a client needs of a transport. `TcpConnection` of `@tallyline/tcp` has this shape. */
export interface BankStream {
  /** Resolves when more may be written; rejects when the stream is broken. */
  write(bytes: Uint8Array): Promise<void>;
  /** What has come; undefined at the end. Rejects when the stream is broken. */
  read(): Promise<Uint8Array | undefined>;
  /** Closes the stream, whatever is under way. */
  close(): Promise<void>;
}

/** Who logs in. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The connection is of no more use: whether what was sent on it happened is not known. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/** Somebody is there, and does not serve this client. Trying again brings the same. */
export class NotServedError extends Error {
  override readonly name = "NotServedError";
}

interface Caller {
  readonly resolve: (reply: BankReply) => void;
  readonly reject: (error: ConnectionLostError) => void;
}

/**
 * One connection in bank/1: the conversation of bank-protocol, given a stream. Requests of one turn leave in one write.
 * When it ends, whatever waits rejects with ConnectionLostError.
 */
export class ClientConnection {
  readonly #stream: BankStream;
  readonly #conversation = new BankConversation<Caller>();
  readonly #waiting = new Set<Caller>();
  #outgoing: Uint8Array[] = [];
  #lost: ConnectionLostError | undefined;
  #replyCount = 0;
  #isForeign = false;

  /** Begins bank/1 and logs in. @throws ConnectionLostError or NotServedError. */
  static async open(
    stream: BankStream,
    login: Login | undefined,
    passwordHash: PasswordHash,
  ): Promise<ClientConnection> {
    const connection = new ClientConnection(stream);
    try {
      const hello = await connection.#send((caller) => connection.#conversation.hello(caller));
      if (hello.class !== "OK" || hello.code !== "HELLO")
        throw new NotServedError(`it answered hello with ${hello.code}`);
      if (login !== undefined) await connection.#authenticate(login, passwordHash);
      return connection;
    } catch (error) {
      await connection.close();
      throw connection.#isForeign && error instanceof ConnectionLostError ? new NotServedError(error.message) : error;
    }
  }

  private constructor(stream: BankStream) {
    this.#stream = stream;
    void this.#read();
  }

  /** Nothing can be sent any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Replies so far: as long as it grows, the server is alive. */
  get replyCount(): number {
    return this.#replyCount;
  }

  /** Sends a request. @throws RangeError at once for one that no line can hold. */
  request(request: BankRequest): Promise<BankReply> {
    return this.#send((caller) => this.#conversation.request(request, caller));
  }

  async close(): Promise<void> {
    this.#lose("it was closed on this side");
    await this.#stream.close();
  }

  async #authenticate({ user, password }: Login, passwordHash: PasswordHash): Promise<void> {
    const nonce = randomBytes(18).toString("base64");
    const client = new ScramClient({ user, password, nonce }, scramCrypto, passwordHash);
    const mechanism = "SCRAM-SHA-256";
    const challenge = await this.request({ verb: "auth", mechanism, data: client.hello });
    if (challenge.code !== "CONTINUE") throw loginRefused(user, challenge);
    const proof = await client.prove(challenge.data);
    const end = await this.request({ verb: "auth", mechanism, data: proof });
    if (end.code !== "AUTHENTICATED") throw loginRefused(user, end);
    if (!client.isProvedBy(end.data)) throw new NotServedError("the server did not prove that it knows the user");
  }

  #send(encode: (caller: Caller) => Uint8Array): Promise<BankReply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const caller = { resolve, reject };
      this.#outgoing.push(encode(caller));
      this.#waiting.add(caller);
      if (this.#outgoing.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#outgoing);
    this.#outgoing = [];
    if (this.#lost === undefined) this.#stream.write(bytes).catch((error: unknown) => this.#lose(messageOf(error)));
  }

  async #read(): Promise<void> {
    try {
      for (let bytes = await this.#stream.read(); bytes !== undefined; bytes = await this.#stream.read()) {
        this.#conversation.receive(bytes);
        this.#deliver();
      }
      this.#conversation.end();
      this.#deliver();
      this.#lose("the server ended it");
    } catch (error) {
      this.#lose(messageOf(error));
    }
    await this.#stream.close().catch(() => {});
  }

  #deliver(): void {
    for (let event = this.#conversation.next(); event !== undefined; event = this.#conversation.next()) {
      if (event.kind === "lost") {
        this.#isForeign = event.isForeign === true;
        return this.#lose(event.reason);
      }
      this.#replyCount += 1;
      this.#waiting.delete(event.context);
      event.context.resolve(event.reply);
    }
  }

  #lose(reason: string): void {
    this.#lost ??= new ConnectionLostError(`the connection was lost: ${reason}`);
    for (const caller of this.#waiting) caller.reject(this.#lost);
    this.#waiting.clear();
  }
}

function loginRefused(user: string, reply: BankReply): NotServedError {
  const text = reply.class === "OK" ? "" : ` ${reply.text ?? ""}`;
  return new NotServedError(`${user} was not let in: ${reply.code}${text}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
