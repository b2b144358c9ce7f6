import type { Socket } from "node:net";
import type { Decoder } from "@tallyline/framing";
import { StreamCalls, type StreamCall, type StreamCallFailure, type StreamReceipt } from "@tallyline/request-reply";
import { afterPoll } from "./after-poll.ts";
import { clientSettings, type ClientSettings, type TcpClientOptions } from "./client-options.ts";
import { TransportError, type TransportErrorCode } from "./errors.ts";
import { openSocket } from "./open-socket.ts";
import { positiveNumber, refuseUnknownKeys } from "./options.ts";

/** What a call may say about itself. */
export interface TcpRequestOptions {
  /** For the whole call: waiting, connecting, and the reply. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** It may be executed twice without harm, so it is sent again when a connection is lost under it. Default false. */
  readonly idempotent?: boolean;
}

/** Makes calls over one connection, which it opens when it is needed. */
export interface TcpClient<Request, Reply> extends AsyncDisposable {
  /**
   * Sends a request and resolves with its reply. Calls are pipelined; those of one turn of the event loop leave in one
   * write. Rejects with a TransportError, whose `delivery` says whether the request may have been executed; it always does
   * one or the other within the deadline. Nothing is sent twice unless it is idempotent.
   */
  request(message: Request, options?: TcpRequestOptions): Promise<Reply>;
  /** What the client has done and holds now. */
  stats(): TcpClientStats;
  /** Fails all calls and closes the connection. */
  close(): Promise<void>;
}

/** Figures of a client. */
export interface TcpClientStats {
  readonly isConnected: boolean;
  readonly waiting: number;
  /** Calls on the wire, with those whose caller gave up. */
  readonly inFlight: number;
  /** Connections made since the start. */
  readonly connects: number;
  /** Replies that came after their call had ended. */
  readonly lateReplies: number;
}

/**
 * Makes a client; it connects with the first call.
 * @throws {RangeError | TypeError} when an option is out of range or unknown.
 */
export function createTcpClient<Request, Reply>(options: TcpClientOptions<Request, Reply>): TcpClient<Request, Reply> {
  return new CallingClient(options, clientSettings(options));
}

/** What settles the caller's promise. */
interface Caller<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: TransportError) => void;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

type Frame = string | Uint8Array;

/**
 *     idle ──(a call)──→ connecting ──→ connected ──(closed, broken, or its replies cannot be trusted)──→ idle
 *      ↑                     │ failed: all waiting calls fail
 *      └─────────────────────┘ and the next attempt waits for `#connectAtMs`
 *
 * Invariant: while a call waits or is awaited, something is under way that settles it: a connection, an attempt at one, or
 * its deadline.
 */
class CallingClient<Request, Reply> implements TcpClient<Request, Reply> {
  readonly #options: TcpClientOptions<Request, Reply>;
  readonly #settings: ClientSettings;
  readonly #calls: StreamCalls<Frame, Reply, Caller<Reply>>;

  #socket: Socket | undefined;
  #decoder: Decoder<Reply> | undefined;
  #cancelConnecting: (() => void) | undefined;
  #isClosed = false;
  #isTurnDue = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #activeAtMs = 0;

  /** Attempts and connections that brought no reply, in a row. */
  #failures = 0;
  #connectAtMs = 0;
  #connectTimer: NodeJS.Timeout | undefined;
  #connects = 0;
  #lateReplies = 0;

  constructor(options: TcpClientOptions<Request, Reply>, settings: ClientSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#calls = new StreamCalls({
      ...settings.limits,
      ...(options.ids !== undefined && { replyId: options.ids.ofReply }),
    });
  }

  request(message: Request, options: TcpRequestOptions = {}): Promise<Reply> {
    const { deadlineMs = this.#settings.timeouts.deadlineMs, signal, idempotent = false } = options;
    refuseUnknownKeys("request", options, ["deadlineMs", "signal", "idempotent"]);
    positiveNumber("deadlineMs", deadlineMs);
    if (signal?.aborted === true) return Promise.reject(notSent("ABORTED", "the caller gave up", signal.reason));
    if (this.#isClosed) return Promise.reject(notSent("CLIENT_CLOSED", "the client is closed"));

    let frame: Frame;
    try {
      const { codec } = this.#options;
      frame = codec.encodeText === undefined ? codec.encode(message) : codec.encodeText(message);
    } catch (error) {
      return Promise.reject(notSent("ENCODE_FAILED", "the request cannot be framed", error));
    }
    return new Promise((resolve, reject) => {
      const nowMs = performance.now();
      const caller: Caller<Reply> = { resolve, reject, deadlineMs, signal, onAbort: undefined };
      const call = this.#calls.add({
        frame,
        frameBytes: frame.length,
        deadlineAtMs: nowMs + deadlineMs,
        isIdempotent: idempotent,
        ...(this.#options.ids !== undefined && { id: this.#options.ids.ofRequest(message) }),
        context: caller,
      });
      if (call === undefined) {
        reject(notSent("QUEUE_FULL", `${this.#calls.waitingCount} calls wait, which is all that may`));
        return;
      }
      if (signal !== undefined) {
        caller.onAbort = () => this.#abort(call);
        signal.addEventListener("abort", caller.onAbort, { once: true });
      }
      this.#wakeBy(nowMs + deadlineMs);
      this.#turnSoon();
    });
  }

  stats(): TcpClientStats {
    return {
      isConnected: this.#socket !== undefined,
      waiting: this.#calls.waitingCount,
      inFlight: this.#calls.inFlightCount,
      connects: this.#connects,
      lateReplies: this.#lateReplies,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#connectTimer);
    this.#cancelConnecting?.();
    const socket = this.#socket;
    this.#disconnect("CLIENT_CLOSED", "the client was closed");
    if (socket === undefined || socket.closed) return;
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Calls that are made in one burst share a turn, and its one write. */
  #turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    const turn = (): void => {
      this.#isTurnDue = false;
      this.#send();
    };
    if (this.#mayBeStale()) afterPoll(turn);
    else process.nextTick(turn);
  }

  /** The server may have closed a connection that nobody used, and a request that crosses its end may be lost. */
  #mayBeStale(): boolean {
    return this.#socket !== undefined && this.#calls.inFlightCount === 0 && performance.now() - this.#activeAtMs >= 1;
  }

  #send(): void {
    if (this.#isClosed) return;
    if (this.#calls.waitingCount === 0) return this.#rest();
    if (this.#socket === undefined) return this.#connect();
    if (this.#socket.writableNeedDrain) return;

    const nowMs = performance.now();
    let text = "";
    const frames: Uint8Array[] = [];
    let bytes = 0;
    for (let call = this.#calls.nextToSend(nowMs); call !== undefined; call = this.#calls.nextToSend(nowMs)) {
      if (typeof call.frame === "string") text += call.frame;
      else frames.push(call.frame);
      bytes += call.frameBytes;
      if (bytes >= WRITE_BYTES) break;
    }
    if (bytes === 0) return;
    this.#socket.ref();
    this.#activeAtMs = nowMs;
    const isWelcome = this.#socket.write(text === "" ? joined(frames) : text);
    // What did not fit into this write goes with the next, unless the socket has enough.
    if (isWelcome && bytes >= WRITE_BYTES) this.#turnSoon();
  }

  #connect(): void {
    if (this.#cancelConnecting !== undefined || this.#connectTimer !== undefined) return;
    const waitMs = this.#connectAtMs - performance.now();
    if (waitMs > 0) {
      this.#connectTimer = setTimeout(() => {
        this.#connectTimer = undefined;
        this.#send();
      }, Math.ceil(waitMs));
      return;
    }
    this.#cancelConnecting = openSocket(this.#settings.target, this.#settings.timeouts.connectMs, {
      opened: (socket) => {
        this.#cancelConnecting = undefined;
        this.#connects += 1;
        this.#use(socket);
      },
      failed: (error) => {
        this.#cancelConnecting = undefined;
        this.#backOff();
        for (const failure of this.#calls.failWaiting()) this.#fail(failure, error.code, error.message, error.cause);
      },
    });
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    this.#decoder = this.#options.codec.decoder();
    this.#activeAtMs = performance.now();
    let cause: unknown;
    socket.on("data", (bytes) => this.#receive(socket, bytes));
    socket.on("drain", () => this.#send());
    socket.on("end", () => {
      if (socket !== this.#socket) return;
      this.#decoder?.end();
      this.#read(socket);
      if (socket === this.#socket) this.#disconnect("CONNECTION_CLOSED", `${this.#url} ended the connection`);
    });
    socket.on("error", (error) => (cause = error));
    socket.on("close", () => {
      if (socket === this.#socket) this.#disconnect("CONNECTION_CLOSED", `the connection to ${this.#url} broke`, cause);
    });
    this.#send();
  }

  #receive(socket: Socket, bytes: Uint8Array): void {
    // The bytes of an old connection are nobody's reply on the new one.
    if (socket !== this.#socket) return;
    this.#activeAtMs = performance.now();
    this.#decoder?.push(bytes);
    this.#read(socket);
    // Answers make room for calls that wait.
    if (socket === this.#socket) this.#send();
  }

  /** Pairs the replies that have come. */
  #read(socket: Socket): void {
    while (socket === this.#socket) {
      const event = this.#decoder?.next();
      if (event === undefined) return this.#refuseEarlyReply();
      switch (event.kind) {
        case "message":
          this.#take(this.#calls.receive(event.message), (caller) => caller.resolve(event.message));
          break;
        case "bad":
          this.#take(this.#calls.receiveUnreadable(), (caller) => {
            caller.reject(
              new TransportError("BAD_REPLY", "answered", `the reply is unreadable: ${event.error.message}`),
            );
          });
          break;
        case "lost":
          this.#disconnect("BAD_REPLY", `${this.#url} sent what is no reply: ${event.error.message}`);
          break;
      }
    }
  }

  /** A reply that begins while no call is on the wire would be taken for the reply to the next one. */
  #refuseEarlyReply(): void {
    const isEarly = this.#calls.inFlightCount === 0 && this.#decoder !== undefined && this.#decoder.pendingBytes > 0;
    if (isEarly) this.#disconnect("UNSOLICITED_REPLY", `${this.#url} began to answer what was not asked`);
  }

  #take(receipt: StreamReceipt<Frame, Caller<Reply>>, settle: (caller: Caller<Reply>) => void): void {
    this.#failures = 0;
    switch (receipt.kind) {
      case "answer":
        this.#forget(receipt.call.context);
        settle(receipt.call.context);
        break;
      case "late":
        this.#lateReplies += 1;
        break;
      case "unsolicited":
        this.#disconnect("UNSOLICITED_REPLY", `${this.#url} answered what was not asked`);
        break;
    }
  }

  /** Lets go of the connection: calls in flight fail or go again, and what the old socket still says is not heard. */
  #disconnect(code: TransportErrorCode, message: string, cause?: unknown): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#decoder = undefined;
    socket?.destroy();
    for (const failure of this.#calls.disconnect()) this.#fail(failure, code, message, cause);
    if (this.#isClosed) {
      for (const failure of this.#calls.failWaiting()) this.#fail(failure, code, message, cause);
      return;
    }
    if (this.#calls.waitingCount > 0) {
      this.#backOff();
      this.#turnSoon();
    }
  }

  /** Full jitter: clients that lost one server together must not come back to it together. */
  #backOff(): void {
    const { minReconnectMs, maxReconnectMs } = this.#settings.timeouts;
    const mostMs = Math.min(maxReconnectMs, minReconnectMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#connectAtMs = performance.now() + Math.random() * mostMs;
  }

  #abort(call: StreamCall<Frame, Caller<Reply>>): void {
    const delivery = this.#calls.cancel(call);
    if (delivery === undefined) return;
    this.#fail({ call, delivery }, "ABORTED", "the caller gave up", call.context.signal?.reason);
    this.#turnSoon();
  }

  #fail(
    { call, delivery }: StreamCallFailure<Frame, Caller<Reply>>,
    code: TransportErrorCode,
    message: string,
    cause?: unknown,
  ): void {
    this.#forget(call.context);
    call.context.reject(new TransportError(code, delivery, message, { cause }));
  }

  #forget(caller: Caller<Reply>): void {
    if (caller.onAbort !== undefined) caller.signal?.removeEventListener("abort", caller.onAbort);
  }

  #wakeBy(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    // It must not hold the process: the socket does while a call is under way.
    const timeUp = (): void => afterPoll(() => this.#timeUp());
    this.#timer = setTimeout(timeUp, Math.max(1, Math.ceil(atMs - performance.now()))).unref();
  }

  #timeUp(): void {
    if (this.#isClosed) return;
    this.#timerAtMs = Infinity;
    const nowMs = performance.now();
    const overdue = this.#calls.expire(nowMs);
    for (const failure of overdue) {
      const { deadlineMs } = failure.call.context;
      this.#fail(failure, "DEADLINE_EXCEEDED", `no reply from ${this.#url} within ${deadlineMs} ms`);
    }
    if (overdue.length > 0 && this.#calls.inFlightCount > 0 && this.#calls.awaitedCount === 0) {
      // It has not answered anyone for a whole deadline, so it may be dead: the next call finds out on a new connection.
      this.#disconnect("CONNECTION_CLOSED", `${this.#url} is silent`);
    }
    this.#wakeBy(this.#calls.wakeAtMs ?? Infinity);
    this.#send();
  }

  /** Nothing waits. Without a call on the wire either, the process may end, and after a while the connection does. */
  #rest(): void {
    if (this.#calls.awaitedCount > 0 || this.#socket === undefined) return;
    this.#socket.unref();
    const idleAtMs = this.#activeAtMs + this.#settings.timeouts.idleMs;
    if (performance.now() >= idleAtMs) this.#disconnect("CONNECTION_CLOSED", "idle");
    else this.#wakeBy(idleAtMs);
  }

  get #url(): string {
    return this.#settings.target.url;
  }
}

/** Enough for one write; more would be memory that waits for the network. */
const WRITE_BYTES = 65_536;

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
}

function notSent(code: TransportErrorCode, message: string, cause?: unknown): TransportError {
  return new TransportError(code, "not-sent", message, { cause });
}
