import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterPoll } from "./after-poll.ts";
import { TransportError } from "./errors.ts";
import { checkedTarget, openSocket, type TcpTarget } from "./open-socket.ts";
import { positiveNumber, refuseUnknownKeys } from "./options.ts";
import { peerOf, type TcpPeer } from "./peer.ts";

/** Where to connect, and for how long to try. */
export interface ConnectOptions extends TcpTarget {
  /** For connecting, with the TLS handshake. Default 5000. */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A connection as a stream of bytes, for clients that frame by themselves. Nothing is read before it is asked for. */
export interface TcpConnection extends AsyncDisposable {
  readonly peer: TcpPeer;
  /**
   * Writes, and resolves when more may be written. Rejects with a TransportError when the connection fails before that;
   * a rejection that nobody awaits is not an error of the process, because reading tells of it too.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our side. The peer may still send. */
  end(): void;
  /**
   * What has come, at least one byte; undefined when the peer has ended its side. One read at a time. Rejects with a
   * TransportError when the connection fails, or ends by `close`; after DEADLINE_EXCEEDED or ABORTED nothing is lost, and
   * the next read goes on.
   */
  read(options?: { readonly deadlineMs?: number; readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  /** Closes both sides at once, and resolves when it is done. What was not sent yet is dropped; `end` first to keep it. */
  close(): Promise<void>;
}

/**
 * Connects.
 * @throws {TransportError} CONNECT_FAILED, CONNECT_TIMEOUT, or ABORTED; `delivery` is `not-sent`.
 */
export async function connectTcp(options: ConnectOptions): Promise<TcpConnection> {
  const { connectTimeoutMs = 5_000, signal, ...target } = options;
  refuseUnknownKeys("connectTcp", target, ["host", "port", "path", "tls"]);
  positiveNumber("connectTimeoutMs", connectTimeoutMs);
  const checked = checkedTarget(target);
  if (signal?.aborted === true) throw aborted(signal, "not-sent");

  return new Promise((resolve, reject) => {
    const giveUp = openSocket(checked, connectTimeoutMs, {
      opened(socket) {
        signal?.removeEventListener("abort", onAbort);
        const tls = checked.tls === undefined ? undefined : (socket as TLSSocket);
        resolve(new BareConnection(socket, peerOf(socket, tls)));
      },
      failed(error) {
        signal?.removeEventListener("abort", onAbort);
        reject(error);
      },
    });
    function onAbort(): void {
      giveUp();
      reject(aborted(signal!, "not-sent"));
    }
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Why a promise waits. */
interface Waiter<T> {
  resolve(value: T): void;
  reject(error: TransportError): void;
}

class BareConnection implements TcpConnection {
  readonly peer: TcpPeer;
  readonly #socket: Socket;
  #reader: Waiter<Uint8Array | undefined> | undefined;
  #writers: Waiter<void>[] = [];
  #failure: TransportError | undefined;
  readonly #closed: Promise<void>;

  constructor(socket: Socket, peer: TcpPeer) {
    this.#socket = socket;
    this.peer = peer;
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("readable", () => this.#deliver());
    socket.on("end", () => this.#deliver());
    socket.on("drain", () => this.#released());
    socket.on("error", (cause) => this.#fail(`${peer.url} broke the connection: ${cause.message}`, cause));
    socket.on("close", () => this.#fail(`the connection to ${peer.url} is closed`));
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.writableEnded) throw new Error("our side is ended");
    const written = this.#write(bytes);
    written.catch(() => {});
    return written;
  }

  end(): void {
    this.#socket.end();
  }

  read(options: { readonly deadlineMs?: number; readonly signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    refuseUnknownKeys("read", options, ["deadlineMs", "signal"]);
    const { deadlineMs, signal } = options;
    if (deadlineMs !== undefined) positiveNumber("deadlineMs", deadlineMs);
    if (this.#reader !== undefined) throw new Error("a read is pending; one at a time");

    const bytes = this.#socket.read() as Uint8Array | null;
    if (bytes !== null) return Promise.resolve(bytes);
    if (this.#socket.readableEnded) return Promise.resolve(undefined);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal?.aborted === true) return Promise.reject(aborted(signal, "unknown"));
    return new Promise((resolve, reject) => this.#await({ resolve, reject }, deadlineMs, signal));
  }

  async close(): Promise<void> {
    this.#fail(`the connection to ${this.peer.url} was closed on this side`, undefined, "CLIENT_CLOSED");
    this.#socket.destroy();
    await this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (bytes.length === 0 || this.#socket.write(bytes)) return;
    await new Promise<void>((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  #await(waiter: Waiter<Uint8Array | undefined>, deadlineMs?: number, signal?: AbortSignal): void {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#reader = undefined;
    };
    const giveUp = (error: TransportError): void => {
      done();
      waiter.reject(error);
    };
    const onAbort = (): void => giveUp(aborted(signal!, "unknown"));
    const reader = {
      resolve(bytes: Uint8Array | undefined) {
        done();
        waiter.resolve(bytes);
      },
      reject: giveUp,
    };
    const timeUp = (): void => {
      if (this.#reader !== reader) return;
      giveUp(new TransportError("DEADLINE_EXCEEDED", "unknown", `nothing came within ${deadlineMs} ms`));
    };
    const timer = deadlineMs && setTimeout(() => afterPoll(timeUp), deadlineMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#reader = reader;
  }

  #deliver(): void {
    if (this.#reader === undefined) return;
    const bytes = this.#socket.read() as Uint8Array | null;
    if (bytes !== null) this.#reader.resolve(bytes);
    else if (this.#socket.readableEnded) this.#reader.resolve(undefined);
  }

  #released(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
  }

  #fail(message: string, cause?: Error, code: "CONNECTION_CLOSED" | "CLIENT_CLOSED" = "CONNECTION_CLOSED"): void {
    this.#failure ??= new TransportError(code, "unknown", message, { cause });
    const writers = this.#writers;
    this.#writers = [];
    for (const waiter of [...writers, this.#reader]) waiter?.reject(this.#failure);
  }
}

function aborted(signal: AbortSignal, delivery: "not-sent" | "unknown"): TransportError {
  return new TransportError("ABORTED", delivery, "the caller gave up", { cause: signal.reason });
}
