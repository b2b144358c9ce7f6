import { hexText, type RandomBytes } from "./datagram-cookies.ts";
import { decodeDatagram, encodeRequest, longestHeaderBytes, type RefusalReason } from "./datagram-header.ts";
import { atLeast, positiveNumbers } from "./datagram-options.ts";
import { RoundTripEstimate } from "./datagram-round-trip.ts";

/**
 * May the request have been executed? `not-sent`: no, it never left. `rejected`: no, the server said so. `unknown`: perhaps.
 * `answered`: the server ran it, and it is the answer that is of no use.
 */
export type Delivery = "not-sent" | "unknown" | "rejected" | "answered";

/** How a call ended. */
export type DatagramOutcome =
  | {
      readonly kind: "reply";
      readonly payload: Uint8Array;
      /** The reply does not fit a datagram: ask again over a stream. The payload is empty. */
      readonly isTruncated: boolean;
      /** False: the peer answered without a header, so it does not know this protocol. */
      readonly hasHeader: boolean;
    }
  | {
      readonly kind: "failed";
      readonly code: DatagramFailureCode;
      readonly delivery: Delivery;
      readonly message: string;
    };

/** Why a call over datagrams got no reply. Codes are added, never reused. */
export type DatagramFailureCode =
  | "DEADLINE_EXCEEDED"
  | "PEER_UNREACHABLE"
  | "QUEUE_FULL"
  | "MESSAGE_TOO_LARGE"
  | "PEER_BUSY"
  | "PEER_DRAINING"
  | "PEER_FAILED"
  | "PEER_FORGOT";

/** What a client's machine is made of. */
export interface DatagramClientOptions {
  /** Default true. False: bare datagrams, one in flight at a time; whatever comes next from the peer is the reply. */
  readonly hasHeader?: boolean;
  readonly randomBytes: RandomBytes;
  readonly limits?: {
    /** Longest datagram sent, header included. Default 1,232. */
    readonly maxRequestBytes?: number;
    /** Calls on the wire at a time, 1 until the peer has first answered. Default 4 (RFC 7252 §4.7 says 1, RFC 8085 §3.1.3 about 1 per round trip). */
    readonly maxOutstanding?: number;
    /** Calls waiting for their turn. Default 1,024; one more fails with `QUEUE_FULL`. */
    readonly maxQueued?: number;
    /** Times that a call is sent again on silence. Default 6: from the shortest wait, doubled each time, about the 10 s of a default deadline. */
    readonly maxRetransmits?: number;
    /** Reports in a row that nobody listens before calls fail: a single one may be forged. Default 3. */
    readonly maxUnreachable?: number;
  };
  readonly timeouts?: {
    /** Wait for a reply before the first round trip is known. Default 1,000 (RFC 6298 §2). */
    readonly initialRetransmitMs?: number;
    /** Default 200. */
    readonly minRetransmitMs?: number;
    /** Default 10,000. */
    readonly maxRetransmitMs?: number;
  };
}

/**
 * The client's side of calls over datagrams to one peer. It holds no socket, no clock and no timer.
 *
 * A call waits in the queue, is on the wire, and ends, exactly once and not later than its deadline:
 * `start` → `pollTransmit` (again after each timeout) → `handle` → `pollOutcome`. After any call of a method, send what
 * `pollTransmit` gives until it gives nothing, take what `pollOutcome` gives, and call `pollTransmit` again at `nextTimeoutAt`.
 */
export class DatagramClient {
  readonly #hasHeader: boolean;
  readonly #randomBytes: RandomBytes;
  readonly #limits: typeof defaultLimits;
  readonly #timeouts: typeof defaultTimeouts;
  readonly #roundTrip: RoundTripEstimate;
  readonly #queued = new Set<Call>();
  /** By id, in the order of their first transmission. */
  readonly #outstanding = new Map<string, Call>();
  readonly #calls = new Map<number, Call>();
  /** Calls whose next copy is to be sent now. */
  readonly #due = new Set<Call>();
  readonly #outcomes: { readonly call: number; readonly outcome: DatagramOutcome }[] = [];
  #inWindow = 0;
  #wakeAt = Infinity;
  #nextCall = 1;
  #cookie: string | undefined;
  #hasHeardPeer = false;
  #unreachableInRow = 0;

  constructor(options: DatagramClientOptions) {
    this.#hasHeader = options.hasHeader ?? true;
    this.#randomBytes = options.randomBytes;
    this.#limits = positiveNumbers("limits", defaultLimits, options.limits);
    this.#timeouts = positiveNumbers("timeouts", defaultTimeouts, options.timeouts);
    const { initialRetransmitMs, minRetransmitMs, maxRetransmitMs } = this.#timeouts;
    atLeast("limits.maxRequestBytes", this.#limits.maxRequestBytes, "the longest header", longestHeaderBytes);
    atLeast("timeouts.maxRetransmitMs", maxRetransmitMs, "timeouts.minRetransmitMs", minRetransmitMs);
    this.#roundTrip = new RoundTripEstimate({
      initialMs: initialRetransmitMs,
      minMs: minRetransmitMs,
      maxMs: maxRetransmitMs,
    });
  }

  /** Calls that have not ended. */
  get pending(): number {
    return this.#calls.size;
  }

  /** The smoothed round-trip time in milliseconds; undefined until the first sample. */
  get roundTripMs(): number | undefined {
    return this.#roundTrip.smoothedMs;
  }

  /** Begins a call and returns its number, under which its outcome will come. The payload is copied. */
  start(
    payload: Uint8Array,
    options: { readonly deadlineAt: number; readonly isIdempotent: boolean },
    now: number,
  ): number {
    const { deadlineAt, isIdempotent } = options;
    const bytes = payload.length + (this.#hasHeader ? longestHeaderBytes : 0);
    const call: Call = {
      number: this.#nextCall++,
      id: this.#hasHeader ? hexText(this.#randomBytes(8)) : "",
      payload: payload.slice(),
      deadlineAt,
      isIdempotent,
      firstSentAt: 0,
      copies: 0,
      isInWindow: false,
      cookiesTaken: 0,
      waitMs: 0,
      resendAt: Infinity,
    };
    this.#calls.set(call.number, call);
    if (bytes > this.#limits.maxRequestBytes) {
      this.#fail(
        call,
        "MESSAGE_TOO_LARGE",
        `the datagram may take ${bytes} bytes, limit is ${this.#limits.maxRequestBytes}`,
      );
    } else if (deadlineAt <= now) {
      this.#fail(call, "DEADLINE_EXCEEDED", "the deadline had passed before the call began");
    } else if (this.#queued.size >= this.#limits.maxQueued) {
      this.#fail(call, "QUEUE_FULL", `${this.#queued.size} calls are waiting, limit is ${this.#limits.maxQueued}`);
    } else {
      this.#queued.add(call);
      this.#wakeAt = Math.min(this.#wakeAt, deadlineAt);
    }
    return call.number;
  }

  /** Gives a call up: no outcome will come. Returns whether it may have been executed; undefined if it had ended. */
  cancel(callNumber: number): Delivery | undefined {
    const call = this.#calls.get(callNumber);
    if (call === undefined) return undefined;
    this.#remove(call);
    return deliveryOf(call);
  }

  /** Takes a datagram from the peer. Never throws. True if it belonged to a call that was waiting. */
  handle(datagram: Uint8Array, now: number): boolean {
    if (!this.#hasHeader) return this.#handleBare(datagram, now);
    const decoded = decodeDatagram(datagram);
    // An echo server sends our own request back: it knows nothing of headers either.
    const isEcho = decoded.kind === "request" && this.#outstanding.has(decoded.id);
    if (!this.#hasHeardPeer && (isEcho || decoded.kind === "plain")) return this.#handleBare(datagram, now);
    const call = decoded.kind === "reply" ? this.#outstanding.get(decoded.id) : undefined;
    if (decoded.kind !== "reply" || call === undefined) return false;

    this.#hasHeardPeer = true;
    this.#learnRoundTrip(call, now);
    switch (decoded.status) {
      case "complete":
      case "truncated":
        this.#end(call, {
          kind: "reply",
          payload: decoded.payload,
          isTruncated: decoded.status === "truncated",
          hasHeader: true,
        });
        break;
      case "cookie":
        this.#cookie = decoded.cookie;
        // A server that is never content with its own cookies is not worth more datagrams: the deadline ends the call.
        if (++call.cookiesTaken <= cookiesPerCall) this.#due.add(call);
        break;
      case "refused": {
        const [code, delivery, message] = refusals[decoded.refusal as RefusalReason];
        this.#end(call, { kind: "failed", code, delivery, message });
        break;
      }
    }
    return true;
  }

  /** The network says that nobody listens there. Calls fail after several such reports without any answer between them. */
  handleUnreachable(now: number): void {
    this.#unreachableInRow++;
    if (this.#unreachableInRow >= this.#limits.maxUnreachable) {
      this.#unreachableInRow = 0;
      for (const call of this.#calls.values())
        this.#fail(call, "PEER_UNREACHABLE", "nobody listens at the peer's address");
      return;
    }
    // Ask again soon: a second opinion is worth more than a long wait.
    for (const call of this.#outstanding.values()) {
      if (this.#mayResend(call)) this.#resendAt(call, Math.min(call.resendAt, now + this.#timeouts.minRetransmitMs));
    }
  }

  /** The next datagram to send to the peer now; undefined if there is none. */
  pollTransmit(now: number): Uint8Array | undefined {
    if (now >= this.#wakeAt) this.#wake(now);
    const call = this.#nextDue();
    if (call === undefined) return undefined;
    if (call.copies === 0) call.firstSentAt = now;
    call.copies++;
    call.waitMs = call.waitMs === 0 ? this.#firstWaitMs() : Math.min(2 * call.waitMs, this.#timeouts.maxRetransmitMs);
    this.#resendAt(call, now + call.waitMs);
    if (!this.#hasHeader) return call.payload;
    const { id, isIdempotent } = call;
    return encodeRequest(
      { id, cookie: this.#cookie, ageMs: Math.ceil(now - call.firstSentAt), isIdempotent },
      call.payload,
    );
  }

  /** The next call that has ended; undefined if there is none. */
  pollOutcome(): { readonly call: number; readonly outcome: DatagramOutcome } | undefined {
    return this.#outcomes.shift();
  }

  /** When to call `pollTransmit` again at the latest; it may turn out that there is nothing to do yet. Infinity: never. */
  nextTimeoutAt(): number {
    return this.#wakeAt;
  }

  #handleBare(datagram: Uint8Array, now: number): boolean {
    // Without a header only "the one call that is out" can be meant.
    if (this.#outstanding.size !== 1) return false;
    for (const call of this.#outstanding.values()) {
      this.#learnRoundTrip(call, now);
      this.#end(call, { kind: "reply", payload: datagram, isTruncated: false, hasHeader: false });
    }
    return true;
  }

  /** Ends calls whose deadline has passed, marks those that are to be sent again, and finds the next time to wake. */
  #wake(now: number): void {
    this.#wakeAt = Infinity;
    for (const call of this.#calls.values()) {
      if (call.deadlineAt <= now) {
        const heard = call.copies === 0 ? "the call was still queued" : `no reply to ${call.copies} copies`;
        this.#fail(call, "DEADLINE_EXCEEDED", `${heard} when the deadline passed`);
        continue;
      }
      if (call.resendAt <= now) {
        call.resendAt = Infinity;
        if (this.#mayResend(call)) this.#due.add(call);
        // Without a header a second call must not be out while the first one's reply may still come.
        else if (this.#hasHeader) this.#leaveWindow(call);
      }
      this.#wakeAt = Math.min(this.#wakeAt, call.deadlineAt, call.resendAt);
    }
  }

  #nextDue(): Call | undefined {
    for (const call of this.#due) {
      this.#due.delete(call);
      return call;
    }
    const window = this.#hasHeader && this.#hasHeardPeer ? this.#limits.maxOutstanding : 1;
    if (this.#inWindow >= window) return undefined;
    for (const call of this.#queued) {
      this.#queued.delete(call);
      this.#outstanding.set(call.id, call);
      call.isInWindow = true;
      this.#inWindow++;
      return call;
    }
    return undefined;
  }

  /** After its last copy has waited in vain, a call is still answered if an answer comes, but holds nobody up. */
  #leaveWindow(call: Call): void {
    if (!call.isInWindow) return;
    call.isInWindow = false;
    this.#inWindow--;
  }

  #learnRoundTrip(call: Call, now: number): void {
    this.#unreachableInRow = 0;
    if (call.copies === 1) this.#roundTrip.sample(now - call.firstSentAt);
    else if (call.cookiesTaken === 0) this.#roundTrip.backOff(call.waitMs);
  }

  #firstWaitMs(): number {
    // Spread over [1, 1.5], so that clients which lost their datagrams together do not send them again together.
    const [random = 0] = this.#randomBytes(1);
    return this.#roundTrip.timeoutMs * (1 + random / 512);
  }

  #mayResend(call: Call): boolean {
    const mayRunTwice = this.#hasHeader || call.isIdempotent;
    return mayRunTwice && call.copies <= this.#limits.maxRetransmits + call.cookiesTaken;
  }

  #resendAt(call: Call, at: number): void {
    call.resendAt = at;
    this.#wakeAt = Math.min(this.#wakeAt, at);
  }

  #fail(call: Call, code: DatagramFailureCode, message: string): void {
    this.#end(call, { kind: "failed", code, delivery: deliveryOf(call), message });
  }

  #end(call: Call, outcome: DatagramOutcome): void {
    this.#remove(call);
    this.#outcomes.push({ call: call.number, outcome });
  }

  #remove(call: Call): void {
    this.#calls.delete(call.number);
    this.#queued.delete(call);
    this.#due.delete(call);
    this.#leaveWindow(call);
    if (this.#outstanding.get(call.id) === call) this.#outstanding.delete(call.id);
  }
}

interface Call {
  readonly number: number;
  readonly id: string;
  readonly payload: Uint8Array;
  readonly deadlineAt: number;
  readonly isIdempotent: boolean;
  firstSentAt: number;
  copies: number;
  /** Counts against `maxOutstanding`. */
  isInWindow: boolean;
  cookiesTaken: number;
  /** How long the last copy waits for a reply. */
  waitMs: number;
  resendAt: number;
}

function deliveryOf(call: Call): Delivery {
  return call.copies === 0 ? "not-sent" : "unknown";
}

const refusals: Readonly<Record<RefusalReason, readonly [DatagramFailureCode, Delivery, string]>> = {
  busy: ["PEER_BUSY", "rejected", "the server runs as many requests as it may"],
  draining: ["PEER_DRAINING", "rejected", "the server is about to stop"],
  failed: ["PEER_FAILED", "answered", "the server's handler failed; part of the request may have been done"],
  forgotten: ["PEER_FORGOT", "unknown", "the server cannot tell whether it ran an earlier copy of this request"],
  "too-large": ["MESSAGE_TOO_LARGE", "rejected", "the request is longer than the server's limit"],
};
/** The second one covers a change of keys on the way. */
const cookiesPerCall = 2;
const defaultLimits = {
  maxRequestBytes: 1232,
  maxOutstanding: 4,
  maxQueued: 1024,
  maxRetransmits: 6,
  maxUnreachable: 3,
};
const defaultTimeouts = { initialRetransmitMs: 1000, minRetransmitMs: 200, maxRetransmitMs: 10_000 };
