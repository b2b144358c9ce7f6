import type { BankReply, BankRequest, UnseenReply, WriteRequest } from "@tallyline/bank-protocol";
import { ClientConnection, NotServedError, type BankStream, type Login } from "./client-connection.ts";
import { BankClientError } from "./client-error.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import { rememberedHash } from "../scram-crypto.ts";

/** What a caller needs; see BankClientOptions. */
export interface BankCallerOptions {
  readonly connect: () => Promise<BankStream>;
  readonly login: Login | undefined;
  readonly onWrite?: (request: WriteRequest) => void | Promise<void>;
  readonly deadlineMs?: number;
  readonly settleDeadlineMs?: number;
  readonly maxInFlight?: number;
  readonly maxWaiting?: number;
}

/** Longest pause before the first attempt after a failure; doubles with each, and each is random from 0. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Repeats requests until they have an answer that is one.
 *
 *     call ──► attempt ──(answer)────────────────────────► over
 *                ▲  └──(lost, TRY, UNK)──► pause ──┐
 *                └─────────────────────────────────┘
 *                └──(deadline, and something was sent)──► settle, in the same way ──► over
 *
 * Invariants: a write is only ever repeated under the id that it had first, so repeating it is never doing it twice; one
 * connection is in use at a time; every wait has an end.
 */
export class BankCaller {
  readonly #options: BankCallerOptions;
  readonly #deadlineMs: number;
  readonly #settleDeadlineMs: number;
  readonly #maxInFlight: number;
  readonly #maxWaiting: number;
  readonly #passwordHash = rememberedHash();
  #connection: Promise<ClientConnection> | undefined;
  #live: ClientConnection | undefined;
  /** In a row; the answer to anything ends it. */
  #failures = 0;
  #inFlight = 0;
  readonly #turns: (() => void)[] = [];
  readonly #closing = new AbortController();

  constructor(options: BankCallerOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#settleDeadlineMs = options.settleDeadlineMs ?? 60_000;
    this.#maxInFlight = options.maxInFlight ?? 64;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
  }

  async write(request: WriteRequest): Promise<Outcome> {
    await this.#options.onWrite?.(request);
    const { id } = request;
    const call = new Call(this.#deadlineMs);
    const outcome = await this.#repeat(call, request, (reply) => outcomeOf(id, reply));
    if (outcome !== undefined) return outcome;
    if (!call.wasSent) throw new BankClientError("not-sent", `the bank was not reached: ${call.trouble}`, { id });
    if (this.#closing.signal.aborted) throw new BankClientError("unknown", "the client was closed", { id });
    return this.settle(id);
  }

  async settle(id: string): Promise<Outcome> {
    const call = new Call(this.#settleDeadlineMs);
    const outcome = await this.#repeat(call, { verb: "settle", id }, (reply) => outcomeOf(id, reply));
    if (outcome !== undefined) return outcome;
    const message = `whether ${id} happened could not be found out: ${call.trouble}`;
    throw new BankClientError("unknown", message, { id });
  }

  async lookup(id: string): Promise<Outcome | UnseenReply> {
    const reply = await this.ask({ verb: "lookup", id });
    const outcome = reply.code === "UNSEEN" ? reply : outcomeOf(id, reply);
    if (outcome !== undefined) return outcome;
    throw new BankClientError("rejected", `the bank answered ${reply.class} ${reply.code}`, { id });
  }

  /** Asks what changes nothing. */
  async ask(request: BankRequest): Promise<BankReply> {
    const call = new Call(this.#deadlineMs);
    const reply = await this.#repeat(call, request, (each) => (isFinal(each) ? each : undefined));
    if (reply !== undefined) return reply;
    if (call.last !== undefined) return call.last; // still TRY or UNK: the bank is there, and says so
    throw new BankClientError("not-sent", `no answer: ${call.trouble}`);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#live?.close();
  }

  /** @returns undefined at the deadline. */
  async #repeat<T>(
    call: Call,
    request: BankRequest,
    read: (reply: BankReply) => T | undefined,
  ): Promise<T | undefined> {
    await this.#turn();
    try {
      for (let attempt = 0; !call.isOver && !this.#closing.signal.aborted; attempt += 1) {
        if (attempt > 0) await this.#pause(call);
        const reply = await this.#attempt(call, request);
        if (reply === undefined) continue;
        call.last = reply;
        const result = read(reply);
        if (result !== undefined) return result;
        call.trouble = `it answered ${reply.class} ${reply.code}`;
      }
      return undefined;
    } finally {
      this.#inFlight -= 1;
      this.#turns.shift()?.();
    }
  }

  async #attempt(call: Call, request: BankRequest): Promise<BankReply | undefined> {
    let connection: ClientConnection | undefined;
    let repliesBefore = 0;
    try {
      connection = await call.inTime(this.#connected());
      repliesBefore = connection.replyCount;
      const reply = connection.request(request);
      call.wasSent = true;
      const answer = await call.inTime(reply);
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (error instanceof NotServedError) {
        const identity = "id" in request ? { id: request.id } : {};
        throw new BankClientError(call.wasSent ? "unknown" : "rejected", error.message, { cause: error, ...identity });
      }
      if (error instanceof RangeError) throw error; // no line can hold it
      this.#failures += 1;
      call.troubledBy(error);
      // Silent for so long, it may be dead. What others wait for on it they repeat on the next.
      if (call.isOver && connection?.replyCount === repliesBefore) await connection.close();
      return undefined;
    }
  }

  /** The connection that stands, or the next one. */
  #connected(): Promise<ClientConnection> {
    if (this.#live?.isLost === true) {
      this.#live = undefined;
      this.#connection = undefined;
    }
    this.#connection ??= this.#open();
    return this.#connection;
  }

  async #open(): Promise<ClientConnection> {
    const { connect, login } = this.#options;
    const { signal } = this.#closing;
    let giveUp: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const stream = await Promise.resolve().then(connect);
      // A server that does not answer is given up, and so is whatever is opened after the end.
      giveUp = () => void stream.close().catch(() => {});
      timer = setTimeout(giveUp, this.#deadlineMs);
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted) giveUp();
      this.#live = await ClientConnection.open(stream, login, this.#passwordHash);
      return this.#live;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    } finally {
      clearTimeout(timer);
      if (giveUp !== undefined) signal.removeEventListener("abort", giveUp);
    }
  }

  /** Waits until fewer calls are under way than may be. */
  #turn(): Promise<void> {
    if (this.#closing.signal.aborted) throw new BankClientError("not-sent", "the client is closed");
    this.#inFlight += 1;
    if (this.#inFlight <= this.#maxInFlight) return Promise.resolve();
    if (this.#turns.length >= this.#maxWaiting) {
      this.#inFlight -= 1;
      throw new BankClientError("not-sent", `${this.#maxWaiting} calls wait, which is all that may`);
    }
    return new Promise((resolve) => this.#turns.push(resolve));
  }

  /** Full jitter: clients that lost one server together must not come back to it together. */
  #pause(call: Call): Promise<void> {
    const mostMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10));
    const asked = call.last?.class === "TRY" ? (call.last.retryMs ?? 0) : 0;
    const pauseMs = Math.min(Math.max(asked, Math.random() * mostMs), call.leftMs);
    return new Promise((resolve) => {
      const { signal } = this.#closing;
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, pauseMs);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}

/** One call: until when, and what has become of it. */
class Call {
  readonly #deadlineAtMs: number;
  #isTimedOut = false;
  /** Something of it may have reached the bank. */
  wasSent = false;
  last: BankReply | undefined;
  /** Why it is not over yet, for people. */
  trouble = "none came in time";

  constructor(deadlineMs: number) {
    this.#deadlineAtMs = performance.now() + deadlineMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#deadlineAtMs - performance.now());
  }

  get isOver(): boolean {
    return this.#isTimedOut || this.leftMs === 0;
  }

  /** That its time is up says less than what went wrong before. */
  troubledBy(error: unknown): void {
    if (!this.#isTimedOut) this.trouble = error instanceof Error ? error.message : String(error);
  }

  /** Rejects at the deadline. */
  async inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#isTimedOut = true;
        reject(new Error("none came in time"));
      }, Math.ceil(this.leftMs));
    });
    work.catch(() => {}); // when it is late, nobody hears of it
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isFinal(reply: BankReply): boolean {
  return reply.class !== "TRY" && reply.class !== "UNK";
}
