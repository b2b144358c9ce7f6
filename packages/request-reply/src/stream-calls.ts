import type { Delivery } from "./datagram-client.ts";
import { StreamDeadlines } from "./stream-deadlines.ts";

/** What pairs a reply with its call, where replies may come in any order. */
export type StreamCallId = string | number | bigint;

/** How many calls a client may hold. */
export interface StreamCallsOptions<Reply> {
  /** Calls not sent yet. */
  readonly maxWaiting: number;
  /** Bytes of the calls not sent yet. */
  readonly maxWaitingBytes: number;
  /** Calls sent and not answered. */
  readonly maxInFlight: number;
  /** Times that an idempotent call is sent in all, when connections are lost under it. */
  readonly maxAttempts: number;
  /** The call that a reply answers. Without it the peer answers in the order of the requests. */
  readonly replyId?: (reply: Reply) => StreamCallId;
}

/** What a call is made of. `Context` is the caller's own, and comes back with the outcome. */
export interface StreamCallInput<Frame, Context> {
  readonly frame: Frame;
  readonly frameBytes: number;
  readonly deadlineAtMs: number;
  /** It may be executed twice without harm, so it may be sent again when a connection is lost. */
  readonly isIdempotent: boolean;
  /** Required where replies are paired by id. */
  readonly id?: StreamCallId;
  readonly context: Context;
}

/** A call that was accepted. */
export interface StreamCall<Frame, Context> extends StreamCallInput<Frame, Context> {
  /** Times sent. */
  readonly attempts: number;
  /** It has an outcome. Its place on the wire may still be taken by a reply that is to come. */
  readonly isSettled: boolean;
}

/** What a reply turned out to be. */
export type StreamReceipt<Frame, Context> =
  | { readonly kind: "answer"; readonly call: StreamCall<Frame, Context> }
  /** For a call that has ended already: to be dropped. */
  | { readonly kind: "late" }
  /** For no call at all: the peer does not keep to the protocol, and the connection must go. */
  | { readonly kind: "unsolicited" };

/** A call that failed, and whether it may have been executed. */
export interface StreamCallFailure<Frame, Context> {
  readonly call: StreamCall<Frame, Context>;
  readonly delivery: Delivery;
}

/**
 * The calls of a client over one stream at a time.
 *
 *     add → waiting → nextToSend → in flight → receive → answered
 *              ↑                       │
 *              └──── disconnect ───────┤ (idempotent, attempts left)
 *                                      └→ lost
 *
 * `cancel` and `expire` settle a call in either state. In flight it keeps its place: its reply may still come, and must not
 * be taken for that of the next call. Invariant: every call is settled exactly once, and then never sent.
 */
export class StreamCalls<Frame, Reply, Context> {
  readonly #options: StreamCallsOptions<Reply>;
  #waiting = new Set<Entry<Frame, Context>>();
  #waitingBytes = 0;
  /** In the order sent; the key is the call's id, or where order decides, its number. */
  readonly #inFlight = new Map<StreamCallId, Entry<Frame, Context>>();
  #abandonedCount = 0;
  readonly #deadlines = new StreamDeadlines<Entry<Frame, Context>>();
  #nextNumber = 0;
  readonly #retries = new RetryBudget();

  constructor(options: StreamCallsOptions<Reply>) {
    this.#options = options;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Calls on the wire, with those whose caller no longer waits. */
  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Calls on the wire that someone waits for. */
  get awaitedCount(): number {
    return this.#inFlight.size - this.#abandonedCount;
  }

  /** When to call `expire`. */
  get wakeAtMs(): number | undefined {
    return this.#deadlines.wakeAtMs;
  }

  /** @returns the call, or undefined when the queue is full. */
  add(input: StreamCallInput<Frame, Context>): StreamCall<Frame, Context> | undefined {
    const { maxWaiting, maxWaitingBytes, replyId } = this.#options;
    if (this.#waiting.size >= maxWaiting || this.#waitingBytes + input.frameBytes > maxWaitingBytes) return undefined;
    const key = replyId === undefined ? this.#nextNumber++ : input.id;
    if (key === undefined) throw new TypeError("a call without an id cannot be paired with its reply");

    const call: Entry<Frame, Context> = { ...input, key, attempts: 0, isSettled: false };
    this.#waiting.add(call);
    this.#waitingBytes += call.frameBytes;
    this.#deadlines.add(call);
    this.#retries.deposit();
    return call;
  }

  /** The call to write next; it counts as sent from here on. A call whose deadline has passed is never sent. */
  nextToSend(nowMs: number): StreamCall<Frame, Context> | undefined {
    if (this.#inFlight.size >= this.#options.maxInFlight) return undefined;
    for (const call of this.#waiting) {
      // An id that is on the wire already would make two calls of one reply.
      if (call.deadlineAtMs <= nowMs || this.#inFlight.has(call.key)) continue;
      this.#leaveWaiting(call);
      call.attempts += 1;
      this.#inFlight.set(call.key, call);
      return call;
    }
    return undefined;
  }

  /** Pairs a reply. */
  receive(reply: Reply): StreamReceipt<Frame, Context> {
    const { replyId } = this.#options;
    return this.#answered(replyId === undefined ? this.#oldest() : this.#inFlight.get(replyId(reply)));
  }

  /** A reply came that cannot be read. In order it is the oldest call's; by id nobody knows whose it was. */
  receiveUnreadable(): StreamReceipt<Frame, Context> {
    return this.#answered(this.#options.replyId === undefined ? this.#oldest() : undefined);
  }

  /** The caller no longer waits. @returns whether it may have been executed; undefined when it was settled before. */
  cancel(call: StreamCall<Frame, Context>): Delivery | undefined {
    const entry = call as Entry<Frame, Context>;
    if (entry.isSettled) return undefined;
    return this.#abandon(entry);
  }

  /** The calls whose deadline has passed, now settled. */
  expire(nowMs: number): StreamCallFailure<Frame, Context>[] {
    const failures: StreamCallFailure<Frame, Context>[] = [];
    for (let call = this.#deadlines.takeDue(nowMs); call !== undefined; call = this.#deadlines.takeDue(nowMs)) {
      failures.push({ call, delivery: this.#abandon(call) });
    }
    return failures;
  }

  /**
   * The stream is gone. Calls in flight fail, except idempotent ones with attempts left, which go first on the next stream;
   * calls that were never sent wait on. @returns what failed, now settled.
   */
  disconnect(): StreamCallFailure<Frame, Context>[] {
    const failures: StreamCallFailure<Frame, Context>[] = [];
    const again: Entry<Frame, Context>[] = [];
    for (const call of this.#inFlight.values()) {
      if (call.isSettled) continue;
      if (call.isIdempotent && call.attempts < this.#options.maxAttempts && this.#retries.withdraw()) {
        again.push(call);
        this.#waitingBytes += call.frameBytes;
      } else {
        call.isSettled = true;
        failures.push({ call, delivery: "unknown" });
      }
    }
    this.#inFlight.clear();
    this.#abandonedCount = 0;
    if (again.length > 0) this.#waiting = new Set([...again, ...this.#waiting]);
    return failures;
  }

  /** No stream can be had: everything that waits for one fails. @returns what failed, now settled. */
  failWaiting(): StreamCallFailure<Frame, Context>[] {
    const failures = [...this.#waiting].map((call) => ({ call, delivery: deliveryOf(call) }));
    for (const { call } of failures) this.#abandon(call);
    return failures;
  }

  #oldest(): Entry<Frame, Context> | undefined {
    for (const call of this.#inFlight.values()) return call;
    return undefined;
  }

  #answered(call: Entry<Frame, Context> | undefined): StreamReceipt<Frame, Context> {
    if (call === undefined) return { kind: "unsolicited" };
    this.#inFlight.delete(call.key);
    if (call.isSettled) {
      this.#abandonedCount -= 1;
      return { kind: "late" };
    }
    call.isSettled = true;
    return { kind: "answer", call };
  }

  #abandon(call: Entry<Frame, Context>): Delivery {
    call.isSettled = true;
    if (this.#waiting.has(call)) this.#leaveWaiting(call);
    else this.#abandonedCount += 1;
    return deliveryOf(call);
  }

  #leaveWaiting(call: Entry<Frame, Context>): void {
    this.#waiting.delete(call);
    this.#waitingBytes -= call.frameBytes;
  }
}

interface Entry<Frame, Context> extends StreamCall<Frame, Context> {
  readonly key: StreamCallId;
  attempts: number;
  isSettled: boolean;
}

function deliveryOf(call: { readonly attempts: number }): Delivery {
  return call.attempts === 0 ? "not-sent" : "unknown";
}

/**
 * At most one call in five is sent again, and ten more: enough for a lost connection now and then, too little to keep a
 * struggling server down (tower's retry budget has the same figures).
 */
class RetryBudget {
  #tokens = 10;

  deposit(): void {
    this.#tokens = Math.min(this.#tokens + 0.2, 100);
  }

  withdraw(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
