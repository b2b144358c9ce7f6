import { DatagramCookies, type KeyedHash, type RandomBytes } from "./datagram-cookies.ts";
import { type Exchange, ExchangeTable } from "./datagram-exchange-table.ts";
import {
  decodeDatagram,
  type RefusalReason,
  type ReplyHeader,
  shortestHeaderBytes,
  writeReply,
} from "./datagram-header.ts";
import { atLeast, positiveNumbers } from "./datagram-options.ts";
import { type Allocate, allocateZeroed, bytesOf, type Payload, payloadOf } from "./datagram-payload.ts";

/** Where a datagram came from. */
export interface DatagramPeer {
  /** Address and port as text; equal for equal peers only. */
  readonly key: string;
  /** The address cannot be forged (loopback), so replies of any size may go there. */
  readonly isValidated: boolean;
  /** A datagram without a header from there gets no answer, because something there might answer the answer, for ever. */
  readonly isPlainIgnored: boolean;
}

/** A request that is being run: hand it back to {@link DatagramServer.complete} or {@link DatagramServer.fail}, once. */
export interface RunningRequest {
  readonly peer: DatagramPeer;
  /** It came without a header. */
  readonly isPlain: boolean;
  readonly arrivedAt: number;
}

/** Why a datagram got no answer. */
export type DropReason =
  | "malformed"
  | "reply"
  | "plain-ignored"
  /** Another request under an id that is taken. */
  | "conflict"
  /** A copy of a request that is running; the reply to come is for this copy too. */
  | "joined"
  /** A copy of a request to which the handler had no reply. */
  | "unanswered"
  /** These three only for plain datagrams: with a header they are refused. */
  | "busy"
  | "draining"
  | "too-large";

/** What to do about a datagram. */
export type DatagramServerStep =
  /** Run the handler with this payload (a view of the datagram), then call `complete` or `fail`. */
  | { readonly kind: "run"; readonly request: RunningRequest; readonly payload: Uint8Array }
  /** Send this back; nothing is to be run. */
  | { readonly kind: "send"; readonly datagram: Uint8Array; readonly isRepeated: boolean }
  | { readonly kind: "drop"; readonly reason: DropReason };

/** What a server's machine is made of. */
export interface DatagramServerOptions {
  /** `calls`: headers are understood, and datagrams without one still answered. `plain`: no datagram has a header. Default `calls`. */
  readonly mode?: "calls" | "plain";
  /**
   * The answer to a plain datagram that is too large, or whose reply is. At most 56 bytes, so that it may go to any address
   * (`r + 28 <= 3 (n + 28)` with n = 0). Default in mode `calls`: "Error: too large for a datagram without a header"; in mode
   * `plain` there is none, and the datagram is dropped.
   */
  readonly plainTooLarge?: Uint8Array;
  readonly keyedHash: KeyedHash;
  readonly randomBytes: RandomBytes;
  /**
   * Makes room for a reply that is sent and forgotten, such as `Buffer.allocUnsafe`, whose memory comes from a pool; all of its bytes are written.
   * Default: a Uint8Array of its own, as every reply has that is remembered.
   */
  readonly allocate?: (bytes: number) => Uint8Array;
  /** The time at the start, in milliseconds of the same steady clock as every later `now`. */
  readonly now: number;
  readonly limits?: {
    /** Longest datagram accepted, header included. Default 1,232: what IPv6's smallest MTU of 1,280 leaves. */
    readonly maxRequestBytes?: number;
    /** Longest datagram sent, header included; a longer reply is truncated. Default 1,232. */
    readonly maxReplyBytes?: number;
    /** Requests running at a time; one more is refused. Default 1,024. */
    readonly maxInFlight?: number;
    /** Exchanges remembered. Default 10,000. */
    readonly maxExchanges?: number;
    /** Bytes of replies remembered. Default 16 MiB. */
    readonly maxExchangeBytes?: number;
  };
  readonly timeouts?: {
    /** How long a completed exchange is remembered. Default 60,000: longer than any client goes on asking. */
    readonly exchangeLifetimeMs?: number;
    /**
     * How late a datagram may arrive. Default 1,000. A server that forgot a non-idempotent exchange for want of room runs no new
     * one for so long: it takes at most about `maxExchanges` of them in this time.
     */
    readonly networkDelayMs?: number;
    /** How long a key makes cookies; it is accepted for as long again. Default 1,800,000 (half an hour). */
    readonly cookieKeyMs?: number;
  };
}

/**
 * The server's side of calls over datagrams. It holds no socket, no clock and no timer.
 *
 * A copy that arrives while its request runs joins it; a copy that arrives later gets the same reply again, as long as the
 * request is remembered. One that may have run and been forgotten is refused (`forgotten`), so none runs twice. Only
 * idempotent requests are not remembered: a later copy runs again.
 *
 * An address that is not validated never gets more than three times the bytes that it sent, counting 28 bytes of IP and UDP
 * header for each: beyond that a reply waits for a cookie. Replies, malformed datagrams and conflicting copies are never answered.
 */
export class DatagramServer {
  readonly #mode: "calls" | "plain";
  readonly #plainTooLarge: Uint8Array | undefined;
  readonly #limits: typeof defaultLimits;
  readonly #timeouts: typeof defaultTimeouts;
  readonly #table: ExchangeTable;
  readonly #cookies: DatagramCookies;
  readonly #allocate: Allocate;
  readonly #startedAt: number;
  /** The idempotent request given out last, until the next one comes. Nearly all are complete by then, and need no place in the table. */
  #latest: Exchange | undefined;
  #inFlight = 0;
  #isDraining = false;

  constructor(options: DatagramServerOptions) {
    this.#mode = options.mode ?? "calls";
    if (this.#mode !== "calls" && this.#mode !== "plain") {
      throw new TypeError(`mode is "calls" or "plain", not ${String(this.#mode)}`);
    }
    this.#plainTooLarge = options.plainTooLarge ?? (this.#mode === "calls" ? defaultPlainTooLarge : undefined);
    if (this.#plainTooLarge !== undefined && this.#plainTooLarge.length > plainTooLargeBytesMax) {
      throw new RangeError(`plainTooLarge is ${this.#plainTooLarge.length} bytes, limit is ${plainTooLargeBytesMax}`);
    }
    this.#limits = positiveNumbers("limits", defaultLimits, options.limits);
    this.#timeouts = positiveNumbers("timeouts", defaultTimeouts, options.timeouts);
    // Every running exchange needs its place in the table, and every reply at least its header.
    atLeast("limits.maxExchanges", this.#limits.maxExchanges, "limits.maxInFlight", this.#limits.maxInFlight);
    atLeast("limits.maxReplyBytes", this.#limits.maxReplyBytes, "the longest refusal", refusalBytesMax);
    const { maxExchanges, maxExchangeBytes } = this.#limits;
    const { exchangeLifetimeMs, cookieKeyMs } = this.#timeouts;
    const { keyedHash, randomBytes, now } = options;
    this.#table = new ExchangeTable({
      exchangesMax: maxExchanges,
      bytesMax: maxExchangeBytes,
      lifetimeMs: exchangeLifetimeMs,
    });
    this.#allocate = options.allocate ?? allocateZeroed;
    this.#startedAt = now;
    this.#cookies = new DatagramCookies({ keyedHash, randomBytes, keyLifetimeMs: cookieKeyMs });
  }

  /** Requests that were given out to be run and have not come back. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Exchanges remembered, running and completed. */
  get exchanges(): number {
    return this.#table.size + (this.#latest === undefined ? 0 : 1);
  }

  /** From now on nothing new is run; completed exchanges are still answered again. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Takes a datagram. Never throws, whatever its bytes. */
  handle(datagram: Uint8Array, peer: DatagramPeer, now: number): DatagramServerStep {
    const decoded = this.#mode === "plain" ? undefined : decodeDatagram(datagram);
    if (decoded === undefined || decoded.kind === "plain") return this.#handlePlain(datagram, peer, now);
    if (decoded.kind === "request") return this.#handleRequest(decoded, datagram.length, peer, now);
    return { kind: "drop", reason: decoded.kind };
  }

  /**
   * The handler's reply, a text as UTF-8; undefined means that it has none. Returns the datagram to send to the request's peer, if any.
   */
  complete(request: RunningRequest, reply: Uint8Array | string | undefined, now: number): Uint8Array | undefined {
    const exchange = this.#finish(request);
    const payload = reply === undefined ? undefined : payloadOf(reply);
    if (exchange.isPlain) return payload === undefined ? undefined : this.#plainReply(payload, exchange);
    if (payload !== undefined) {
      const isTruncated = shortestHeaderBytes + payload.length > this.#limits.maxReplyBytes;
      exchange.reply = this.#replyOf(exchange, { id: exchange.id, isTruncated }, isTruncated ? nothing : payload);
    }
    this.#remember(exchange, now);
    return this.#answer(exchange, now);
  }

  /** The handler failed: it may have run in part. Returns the datagram to send to the request's peer, if any. */
  fail(request: RunningRequest, now: number): Uint8Array | undefined {
    const exchange = this.#finish(request);
    if (exchange.isPlain) return undefined;
    exchange.reply = this.#replyOf(exchange, { id: exchange.id, refusal: "failed" }, nothing);
    this.#remember(exchange, now);
    return exchange.reply;
  }

  /** The memory is for what must not run twice; a copy of an idempotent request that comes later is simply run. */
  #remember(exchange: Exchange, now: number): void {
    if (exchange === this.#latest) this.#latest = undefined;
    else if (exchange.isIdempotent) this.#table.remove(exchange);
    else this.#table.complete(exchange, now);
  }

  #finish(request: RunningRequest): Exchange {
    const exchange = request as Exchange;
    if (!exchange.isRunning) throw new TypeError("this request was already completed");
    exchange.isRunning = false;
    this.#inFlight--;
    return exchange;
  }

  #handlePlain(datagram: Uint8Array, peer: DatagramPeer, now: number): DatagramServerStep {
    if (peer.isPlainIgnored) return { kind: "drop", reason: "plain-ignored" };
    if (this.#isDraining) return { kind: "drop", reason: "draining" };
    if (datagram.length > this.#limits.maxRequestBytes) {
      if (this.#plainTooLarge === undefined) return { kind: "drop", reason: "too-large" };
      return { kind: "send", datagram: this.#plainTooLarge, isRepeated: false };
    }
    if (this.#inFlight >= this.#limits.maxInFlight) return { kind: "drop", reason: "busy" };
    const exchange: Exchange = {
      key: "",
      id: "",
      peer,
      isPlain: true,
      isIdempotent: true,
      arrivedAt: now,
      contentHash: 0,
      copyBytes: datagram.length,
      cookie: undefined,
      isRunning: true,
      completedAt: 0,
      reply: undefined,
      newer: undefined,
    };
    return this.#run(exchange, datagram);
  }

  #handleRequest(
    request: { id: string; cookie: string | undefined; ageMs: number; isIdempotent: boolean; payload: Uint8Array },
    bytes: number,
    peer: DatagramPeer,
    now: number,
  ): DatagramServerStep {
    const { id, cookie, ageMs, isIdempotent, payload } = request;
    const contentHash = hashContent(payload);
    if (this.#latest !== undefined) this.#table.add(this.#latest, now);
    this.#latest = undefined;
    const known = this.#table.get(peer, id);
    if (known !== undefined) {
      if (known.contentHash !== contentHash) return { kind: "drop", reason: "conflict" };
      known.copyBytes = bytes;
      known.cookie = cookie ?? known.cookie;
      if (known.isRunning) return { kind: "drop", reason: "joined" };
      const reply = this.#answer(known, now);
      return reply === undefined
        ? { kind: "drop", reason: "unanswered" }
        : { kind: "send", datagram: reply, isRepeated: true };
    }
    const refusal = this.#refusalOf(ageMs, isIdempotent, bytes, now);
    if (refusal !== undefined && (refusal !== "busy" || isIdempotent)) return refuse(id, refusal);

    const exchange: Exchange = {
      key: "",
      id,
      peer,
      isPlain: false,
      isIdempotent,
      arrivedAt: now,
      contentHash,
      copyBytes: bytes,
      cookie,
      isRunning: true,
      completedAt: 0,
      reply: undefined,
      newer: undefined,
    };
    if (isIdempotent) this.#latest = exchange;
    else this.#table.add(exchange, now);
    if (refusal === undefined) return this.#run(exchange, payload);
    // "Busy" promises that the request did not run, and an older copy may still be on its way: the promise is remembered.
    exchange.isRunning = false;
    exchange.reply = writeReply({ id, refusal }, nothing, allocateZeroed);
    this.#table.complete(exchange, now);
    return { kind: "send", datagram: exchange.reply, isRepeated: false };
  }

  #refusalOf(ageMs: number, isIdempotent: boolean, bytes: number, now: number): RefusalReason | undefined {
    if (bytes > this.#limits.maxRequestBytes) return "too-large";
    if (this.#isDraining) return "draining";
    if (!isIdempotent && this.#mayHaveForgotten(ageMs, now)) return "forgotten";
    return this.#inFlight >= this.#limits.maxInFlight ? "busy" : undefined;
  }

  /** A first copy can be a late double of one that ran; a repeated one may also have been run by a server before this one. */
  #mayHaveForgotten(ageMs: number, now: number): boolean {
    const firstSentAt = now - ageMs - this.#timeouts.networkDelayMs;
    return firstSentAt <= this.#table.horizon || (ageMs > 0 && firstSentAt <= this.#startedAt);
  }

  #run(exchange: Exchange, payload: Uint8Array): DatagramServerStep {
    this.#inFlight++;
    return { kind: "run", request: exchange, payload };
  }

  /** The reply of a completed exchange as far as this peer may have it: whole, or a cookie to ask again with. */
  #answer(exchange: Exchange, now: number): Uint8Array | undefined {
    const { reply, peer, cookie } = exchange;
    if (reply === undefined || peer.isValidated || isWithinThreefold(reply.length, exchange.copyBytes)) return reply;
    if (cookie !== undefined && this.#cookies.isValid(cookie, peer.key, now)) return reply;
    return writeReply({ id: exchange.id, cookie: this.#cookies.make(peer.key, now) }, nothing, this.#allocate);
  }

  #replyOf(exchange: Exchange, header: ReplyHeader, payload: Payload): Uint8Array {
    return writeReply(header, payload, exchange.isIdempotent ? this.#allocate : allocateZeroed);
  }

  #plainReply(reply: Payload, exchange: Exchange): Uint8Array | undefined {
    const isSmallEnough =
      reply.length <= this.#limits.maxReplyBytes &&
      (exchange.peer.isValidated || isWithinThreefold(reply.length, exchange.copyBytes));
    return isSmallEnough ? bytesOf(reply, this.#allocate) : this.#plainTooLarge;
  }
}

/** The rule of RFC 9000 §8.1, counted with the 28 bytes that IPv4 and UDP add to each datagram. */
function isWithinThreefold(replyBytes: number, requestBytes: number): boolean {
  return replyBytes + 28 <= 3 * (requestBytes + 28);
}

function refuse(id: string, refusal: RefusalReason): DatagramServerStep {
  return { kind: "send", datagram: writeReply({ id, refusal }, nothing, allocateZeroed), isRepeated: false };
}

/** FNV-1a with 32 bits: tells the copies of a request from another request under the same id. A peer that forges one fools itself. */
function hashContent(payload: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ (payload[i] as number), 0x01000193);
  return hash;
}

const nothing = new Uint8Array(0);
const defaultPlainTooLarge = new TextEncoder().encode("Error: too large for a datagram without a header");
const plainTooLargeBytesMax = 56;
const refusalBytesMax = 64;
const defaultLimits = {
  maxRequestBytes: 1232,
  maxReplyBytes: 1232,
  maxInFlight: 1024,
  maxExchanges: 10_000,
  maxExchangeBytes: 16 * 1024 * 1024,
};
const defaultTimeouts = { exchangeLifetimeMs: 60_000, networkDelayMs: 1000, cookieKeyMs: 1_800_000 };
