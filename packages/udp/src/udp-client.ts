import { isIP } from "node:net";
import { performance } from "node:perf_hooks";
import { CallChannel } from "./call-channel.ts";
import { clientEnd, clientStart } from "./diagnostics.ts";
import { TransportError } from "./errors.ts";
import { onlyKnown, portNumber, positiveInteger, positiveNumbers } from "./options.ts";
import { urlOf } from "./peer.ts";
import { firstAddress, orGiveUp, resolveTarget, type Target } from "./target.ts";

/** The reply to a call. */
export interface UdpReply {
  readonly payload: Uint8Array;
  /** The reply does not fit a datagram: ask again over TCP. The payload is empty. */
  readonly truncated: boolean;
  /** False: the peer answered without a header. It does not know this protocol: ask again with `header: false`. */
  readonly header: boolean;
}

export interface UdpRequestOptions {
  /** Time for the whole call: waiting for its turn, every copy, the reply. Default 10,000. */
  readonly deadlineMs?: number;
  /** Gives the call up when aborted. */
  readonly signal?: AbortSignal;
  /** Running the request twice does no harm. Default false. */
  readonly idempotent?: boolean;
  /** False sends a bare datagram, from a socket of its own; the next datagram from the peer is the reply. Sent again on silence only if it is idempotent. Default true. */
  readonly header?: boolean;
}

export interface UdpClientOptions {
  /** An IP address, or a name: resolved when the client is created, and again after a call has heard nothing. */
  readonly host: string;
  readonly port: number;
  /** Resolves a name to an IP address. Default: `lookup` of `node:dns`. */
  readonly lookup?: (host: string) => Promise<string>;
  readonly limits?: UdpClientLimits;
  readonly timeouts?: UdpClientTimeouts;
}

/** See docs/limits.md for the reasons and for what happens at each limit. */
export interface UdpClientLimits {
  /** Longest datagram sent, header included (up to 80 bytes). Default 1,232, highest 65,507. */
  readonly maxRequestBytes?: number;
  /** Calls on the wire at a time, 1 until the peer has first answered. Default 4. */
  readonly maxOutstanding?: number;
  /** Calls waiting for their turn. Default 1,024. */
  readonly maxQueued?: number;
  /** Bare calls at a time; each has its own socket. Default 16. */
  readonly maxBareCalls?: number;
  /** Times that a call is sent again on silence. Default 6. */
  readonly maxRetransmits?: number;
  /** Reports in a row that nobody listens before calls fail with `PEER_UNREACHABLE`. Default 3. */
  readonly maxUnreachable?: number;
}

export interface UdpClientTimeouts {
  /** Wait for a reply before the first round trip is known. Default 1,000. */
  readonly initialRetransmitMs?: number;
  /** Shortest wait for a reply. Default 200. */
  readonly minRetransmitMs?: number;
  /** Longest wait for a reply before another copy is sent. Default 10,000. */
  readonly maxRetransmitMs?: number;
}

export interface UdpClientStats {
  readonly datagramsSent: number;
  readonly datagramsReceived: number;
  /** Datagrams from the peer that belong to no call: late copies, forgeries, noise. */
  readonly datagramsIgnored: number;
  readonly pending: number;
  /** Smoothed; undefined until a call that was sent once has been answered. */
  readonly roundTripMs: number | undefined;
}

export interface UdpClient extends AsyncDisposable {
  /** `udp://127.0.0.1:65432`: the peer. */
  readonly url: string;
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
  onlyKnown("createUdpClient", ["host", "port", "lookup", "limits", "timeouts"], options);
  const { maxBareCalls, ...limits } = positiveNumbers("limits", defaultLimits, options.limits);
  if (limits.maxRequestBytes > 65_507) {
    throw new RangeError(`limits.maxRequestBytes is ${limits.maxRequestBytes}, UDP carries at most 65507`);
  }
  const target = {
    host: options.host,
    port: portNumber("port", options.port, 1),
    lookup: options.lookup ?? firstAddress,
  };
  const settings = { limits, timeouts: positiveNumbers("timeouts", defaultTimeouts, options.timeouts) };
  const address = await resolveTarget(target);
  const channel = await CallChannel.open({ address, port: target.port, hasHeader: true, ...settings });
  return new Client(target, channel, settings, maxBareCalls);
}

class Client implements UdpClient {
  readonly url: string;
  readonly #target: Target;
  readonly #settings: { readonly limits: ChannelLimits; readonly timeouts: typeof defaultTimeouts };
  readonly #maxBareCalls: number;
  readonly #bareCalls = new Set<CallChannel>();
  readonly #retired = new Set<CallChannel>();
  #bareCallCount = 0;
  #channel: CallChannel;
  /** A call has heard nothing: the name may stand for another address by now. */
  #isAddressInDoubt = false;
  #resolving: Promise<void> | undefined;
  #callsResolving = 0;
  #isClosed = false;

  constructor(
    target: Target,
    channel: CallChannel,
    settings: { readonly limits: ChannelLimits; readonly timeouts: typeof defaultTimeouts },
    maxBareCalls: number,
  ) {
    this.#target = target;
    this.#channel = channel;
    this.#settings = settings;
    this.#maxBareCalls = maxBareCalls;
    this.url = urlOf(target.host, target.port);
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
      if (this.#isAddressInDoubt && isIP(this.#target.host) === 0) await this.#awaitAddress(call);
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
    const address = await resolveTarget(this.#target);
    this.#isAddressInDoubt = false;
    if (address === this.#channel.address || this.#isClosed) return;
    const old = this.#channel;
    this.#channel = await CallChannel.open({ address, port: this.#target.port, hasHeader: true, ...this.#settings });
    if (this.#isClosed) return this.#channel.close();
    this.#retired.add(old);
    void old.retire().then(() => this.#retired.delete(old));
  }

  /** A bare reply names no call, and a late one would be taken for the next call's: so each bare call has a port of its own. */
  async #callBare(call: Parameters<CallChannel["call"]>[0]): Promise<UdpReply> {
    if (this.#bareCallCount >= this.#maxBareCalls) {
      const message = `${this.#bareCallCount} bare calls are out, limit is ${this.#maxBareCalls}`;
      throw new TransportError("QUEUE_FULL", "not-sent", message);
    }
    this.#bareCallCount++;
    try {
      const channel = await CallChannel.open({
        address: this.#channel.address,
        port: this.#target.port,
        hasHeader: false,
        ...this.#settings,
      });
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

type ChannelLimits = Omit<typeof defaultLimits, "maxBareCalls">;

const defaultLimits = {
  maxRequestBytes: 1232,
  maxOutstanding: 4,
  maxQueued: 1024,
  maxBareCalls: 16,
  maxRetransmits: 6,
  maxUnreachable: 3,
};
const defaultTimeouts = { initialRetransmitMs: 1000, minRetransmitMs: 200, maxRetransmitMs: 10_000 };
