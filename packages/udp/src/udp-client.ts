import { isIP } from "node:net";
import { CallChannel } from "./call-channel.ts";
import {
  type ClientSettings,
  readClientOptions,
  type UdpClientOptions,
  type UdpRequestOptions,
} from "./client-options.ts";
import { clientEnd, clientStart } from "./diagnostics.ts";
import { TransportError } from "./errors.ts";
import { onlyKnown, positiveInteger } from "./options.ts";
import { urlOf } from "./peer.ts";
import { orGiveUp, resolveTarget } from "./target.ts";

/** The reply to a call. */
export interface UdpReply {
  readonly payload: Uint8Array;
  /** The reply does not fit a datagram: ask again over TCP. The payload is empty. */
  readonly truncated: boolean;
  /** False: the peer answered without a header. It does not know this protocol: ask again with `header: false`. */
  readonly header: boolean;
}

/** What a client has sent and received since it was created. */
export interface UdpClientStats {
  readonly datagramsSent: number;
  readonly datagramsReceived: number;
  /** Datagrams from the peer that belong to no call: late copies, forgeries, noise. */
  readonly datagramsIgnored: number;
  readonly pending: number;
  /** Smoothed; undefined until a call that was sent once has been answered. */
  readonly roundTripMs: number | undefined;
}

/** Calls one peer, over a socket that takes datagrams from nobody else. */
export interface UdpClient extends AsyncDisposable {
  /** `udp://127.0.0.1:65432`: the peer. */
  readonly url: string;
  /** What the client has done and holds now. */
  stats(): UdpClientStats;
  /**
   * Calls the peer. The payload is copied. Rejects with a {@link TransportError}, whose `delivery` says whether the request
   * may have been executed; always by the deadline.
   */
  request(payload: Uint8Array, options?: UdpRequestOptions): Promise<UdpReply>;
  /** Fails the calls that are waiting with `CLOSED` and closes the socket. `await using` does the same. */
  close(): Promise<void>;
}

/**
 * Opens a client for one peer. Its socket is connected: the kernel drops datagrams from anywhere else, and reports when nobody
 * listens there. It does not keep the process alive while no call waits.
 * Rejects with a {@link TransportError} `HOST_NOT_FOUND`; throws on options that make no sense.
 */
export async function createUdpClient(options: UdpClientOptions): Promise<UdpClient> {
  const settings = readClientOptions(options);
  const address = await resolveTarget(settings.target);
  return new Client(settings, await openChannel(settings, address, true));
}

function openChannel(settings: ClientSettings, address: string, hasHeader: boolean): Promise<CallChannel> {
  const { target, limits, timeouts } = settings;
  const { maxRequestBytes, maxOutstanding, maxQueued, maxRetransmits, maxUnreachable } = limits;
  const callLimits = { maxRequestBytes, maxOutstanding, maxQueued, maxRetransmits, maxUnreachable };
  return CallChannel.open({ address, port: target.port, hasHeader, limits: callLimits, timeouts });
}

class Client implements UdpClient {
  readonly url: string;
  readonly #settings: ClientSettings;
  readonly #bareCalls = new Set<CallChannel>();
  readonly #retired = new Set<CallChannel>();
  #bareCallCount = 0;
  #channel: CallChannel;
  /** A call has heard nothing: the name may stand for another address by now. */
  #isAddressInDoubt = false;
  #resolving: Promise<void> | undefined;
  #callsResolving = 0;
  #isClosed = false;

  constructor(settings: ClientSettings, channel: CallChannel) {
    this.#settings = settings;
    this.#channel = channel;
    this.url = urlOf(settings.target.host, settings.target.port);
  }

  stats(): UdpClientStats {
    return this.#channel.stats();
  }

  async request(payload: Uint8Array, options: UdpRequestOptions = {}): Promise<UdpReply> {
    onlyKnown("request", ["deadlineMs", "signal", "idempotent", "header"], options);
    if (!(payload instanceof Uint8Array)) throw new TypeError("the payload is not a Uint8Array");
    const deadlineAt = performance.now() + positiveInteger("deadlineMs", options.deadlineMs ?? 10_000);
    const { signal, idempotent: isIdempotent = false, header = true } = options;
    if (signal?.aborted === true)
      throw new TransportError("ABORTED", "not-sent", "the call was aborted", signal.reason);
    if (this.#isClosed) throw new TransportError("CLOSED", "not-sent", "the client is closed");

    const request = {};
    const { url } = this;
    if (clientStart.hasSubscribers) clientStart.publish({ request, url });
    try {
      const call = { payload: payload.slice(), deadlineAt, isIdempotent, signal };
      if (this.#isAddressInDoubt && isIP(this.#settings.target.host) === 0) await this.#awaitAddress(call);
      const reply = await (header ? this.#channel.call(call) : this.#callBare(call));
      if (clientEnd.hasSubscribers) clientEnd.publish({ request, url, error: undefined });
      return reply;
    } catch (error) {
      const isSilence = error instanceof TransportError && silences.includes(error.code);
      if (isSilence && error.delivery === "unknown") this.#isAddressInDoubt = true;
      if (clientEnd.hasSubscribers) clientEnd.publish({ request, url, error });
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#channel, ...this.#retired, ...this.#bareCalls].map((channel) => channel.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Waits until the name has been resolved anew, but not beyond the call's deadline. */
  async #awaitAddress(call: Parameters<CallChannel["call"]>[0]): Promise<void> {
    if (this.#callsResolving >= this.#settings.limits.maxQueued) {
      const message = `${this.#callsResolving} calls wait for an address, limit is ${this.#settings.limits.maxQueued}`;
      throw new TransportError("QUEUE_FULL", "not-sent", message);
    }
    this.#callsResolving++;
    this.#resolving ??= this.#resolveAnew().finally(() => (this.#resolving = undefined));
    try {
      await orGiveUp(this.#resolving, call);
    } finally {
      this.#callsResolving--;
    }
  }

  async #resolveAnew(): Promise<void> {
    const address = await resolveTarget(this.#settings.target);
    this.#isAddressInDoubt = false;
    if (address === this.#channel.address || this.#isClosed) return;
    const old = this.#channel;
    this.#channel = await openChannel(this.#settings, address, true);
    if (this.#isClosed) return this.#channel.close();
    this.#retired.add(old);
    void old.retire().then(() => this.#retired.delete(old));
  }

  /** A bare reply names no call, and a late one would be taken for the next call's: so each bare call has a port of its own. */
  async #callBare(call: Parameters<CallChannel["call"]>[0]): Promise<UdpReply> {
    const { maxBareCalls } = this.#settings.limits;
    if (this.#bareCallCount >= maxBareCalls) {
      const message = `${this.#bareCallCount} bare calls are out, limit is ${maxBareCalls}`;
      throw new TransportError("QUEUE_FULL", "not-sent", message);
    }
    this.#bareCallCount++;
    try {
      const channel = await openChannel(this.#settings, this.#channel.address, false);
      this.#bareCalls.add(channel);
      try {
        if (this.#isClosed) throw new TransportError("CLOSED", "not-sent", "the client is closed");
        return await channel.call(call);
      } finally {
        this.#bareCalls.delete(channel);
        await channel.close();
      }
    } finally {
      this.#bareCallCount--;
    }
  }
}

const silences: readonly string[] = ["DEADLINE_EXCEEDED", "PEER_UNREACHABLE"];
