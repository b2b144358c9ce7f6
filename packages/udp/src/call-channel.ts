import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";
import { DatagramClient, type DatagramClientOptions, type DatagramOutcome } from "@tallyline/request-reply";
import { TransportError } from "./errors.ts";
import { randomBytes } from "./random.ts";
import type { UdpClientStats, UdpReply } from "./udp-client.ts";

interface Waiting {
  readonly resolve: (reply: UdpReply) => void;
  readonly reject: (error: TransportError) => void;
  readonly stopListening: () => void;
}

/** A connected socket and the calls that go through it: moves datagrams, time and outcomes between the two. */
export class CallChannel {
  readonly address: string;
  readonly #socket: Socket;
  readonly #calls: DatagramClient;
  readonly #waiting = new Map<number, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #sent = 0;
  #received = 0;
  #ignored = 0;
  /** What the system last said against a datagram; it becomes the cause of a call that fails for want of a reply. */
  #lastError: Error | undefined;
  #onIdle: (() => void) | undefined;
  #isClosed = false;
  #closed: Promise<void> | undefined;

  static async open(
    options: { readonly address: string; readonly port: number } & Omit<DatagramClientOptions, "randomBytes">,
  ): Promise<CallChannel> {
    const { address, port, ...machine } = options;
    const calls = new DatagramClient({ ...machine, randomBytes });
    const socket = createSocket({ type: isIP(address) === 6 ? "udp6" : "udp4" });
    socket.connect(port, address);
    try {
      await once(socket, "connect");
    } catch (error) {
      socket.close();
      throw new TransportError("PEER_UNREACHABLE", "not-sent", `there is no way to ${address}`, error);
    }
    return new CallChannel(address, socket, calls);
  }

  private constructor(address: string, socket: Socket, calls: DatagramClient) {
    this.address = address;
    this.#socket = socket;
    this.#calls = calls;
    socket.unref();
    const peer = socket.remoteAddress();
    socket.on("message", (datagram, from) => {
      // The kernel drops what others send; not every runtime asks it to.
      if (from.port !== peer.port || from.address !== peer.address) return;
      this.#received++;
      if (!calls.handle(datagram, performance.now())) this.#ignored++;
      this.#flush();
    });
    socket.on("error", (error) => this.#sendFailed(error));
  }

  stats(): UdpClientStats {
    return {
      datagramsSent: this.#sent,
      datagramsReceived: this.#received,
      datagramsIgnored: this.#ignored,
      pending: this.#waiting.size,
      roundTripMs: this.#calls.roundTripMs,
    };
  }

  call(request: {
    readonly payload: Uint8Array;
    readonly deadlineAt: number;
    readonly isIdempotent: boolean;
    readonly signal: AbortSignal | undefined;
  }): Promise<UdpReply> {
    const { payload, signal } = request;
    if (this.#isClosed) return Promise.reject(new TransportError("CLOSED", "not-sent", "the client is closed"));
    if (signal?.aborted === true) {
      return Promise.reject(new TransportError("ABORTED", "not-sent", "the call was aborted", signal.reason));
    }
    return new Promise((resolve, reject) => {
      const call = this.#calls.start(payload, request, performance.now());
      const abort = (): void => this.#giveUp(call, "ABORTED", "the call was aborted", signal?.reason);
      signal?.addEventListener("abort", abort);
      this.#waiting.set(call, { resolve, reject, stopListening: () => signal?.removeEventListener("abort", abort) });
      this.#socket.ref();
      this.#flush();
    });
  }

  /** Closes once the calls that wait have ended, and resolves then. */
  retire(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = () => resolve(this.close());
      if (this.#waiting.size === 0) this.#onIdle();
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    for (const call of this.#waiting.keys()) this.#giveUp(call, "CLOSED", "the client was closed");
    clearTimeout(this.#timer);
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #flush(): void {
    if (this.#isClosed) return;
    const now = performance.now();
    for (
      let datagram = this.#calls.pollTransmit(now);
      datagram !== undefined;
      datagram = this.#calls.pollTransmit(now)
    ) {
      this.#sent++;
      // The callback is the only one to hear that a datagram was not sent.
      this.#socket.send(datagram, (error) => error !== null && this.#sendFailed(error));
    }
    for (let ended = this.#calls.pollOutcome(); ended !== undefined; ended = this.#calls.pollOutcome()) {
      this.#settle(ended.call, ended.outcome);
    }
    this.#armTimer(now);
  }

  #settle(call: number, outcome: DatagramOutcome): void {
    const waiting = this.#forget(call);
    if (outcome.kind === "reply") {
      waiting?.resolve({ payload: outcome.payload, truncated: outcome.isTruncated, header: outcome.hasHeader });
    } else {
      const { code, delivery, message } = outcome;
      const isSilence = code === "DEADLINE_EXCEEDED" || code === "PEER_UNREACHABLE";
      waiting?.reject(new TransportError(code, delivery, message, isSilence ? this.#lastError : undefined));
    }
  }

  #giveUp(call: number, code: "ABORTED" | "CLOSED", message: string, cause?: unknown): void {
    const delivery = this.#calls.cancel(call) ?? "unknown";
    this.#forget(call)?.reject(new TransportError(code, delivery, message, cause));
    // Not at once: the same signal may be about to abort the call that would be sent in this one's place.
    queueMicrotask(() => this.#flush());
  }

  #forget(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    waiting?.stopListening();
    this.#waiting.delete(call);
    if (this.#waiting.size === 0) {
      this.#socket.unref();
      this.#onIdle?.();
    }
    return waiting;
  }

  #sendFailed(error: NodeJS.ErrnoException): void {
    this.#lastError = error;
    // Anything else (no route, no buffers) is a lost datagram: it will be sent again.
    if (error.code === "ECONNREFUSED") this.#calls.handleUnreachable(performance.now());
    this.#flush();
  }

  /** One timer for all calls, armed anew only when it has to ring earlier. */
  #armTimer(now: number): void {
    const at = this.#calls.nextTimeoutAt();
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const timeUp = (): void => {
      this.#timerAt = Infinity;
      this.#flush();
    };
    // An immediate runs once the socket has been read: what came in time must not be taken for lost because it is unread.
    this.#timer = setTimeout(() => setImmediate(timeUp), Math.max(1, Math.ceil(at - now)));
  }
}
