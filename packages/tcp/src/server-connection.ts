import type { Socket } from "node:net";
import type { Codec, Decoder, FrameError } from "@tallyline/framing";
import { StreamReplies, type StreamTurn, type StreamTurnOutcome } from "@tallyline/request-reply";
import { afterPoll } from "./after-poll.ts";
import { FrameBatch } from "./frame-batch.ts";
import { MOST_BYTES_LOOKED_AT, otherProtocolOf } from "./other-protocols.ts";
import type { TcpPeer } from "./peer.ts";
import { RequestContext } from "./request-context.ts";
import { type CloseReason, connectionClose, connectionOpen, requestEnd, requestStart } from "./server-events.ts";
import type { ServerSettings, TcpServerOptions } from "./server-options.ts";

/** What the connections of one server share. */
export interface ConnectionHost<Request, Reply, State> {
  readonly url: string;
  readonly codec: Codec<Request, Reply>;
  readonly options: TcpServerOptions<Request, Reply, State>;
  readonly settings: ServerSettings;
  readonly counts: ServerCounts;
  /** Connections that wait for one of the server's places for requests, the longest first. */
  readonly waiting: Set<ServerConnection<Request, Reply, State>>;
  /** All connections together hold too much. */
  shed(): void;
  closed(connection: ServerConnection<Request, Reply, State>, reason: CloseReason): void;
}

/** Running figures of one server. */
export interface ServerCounts {
  inFlight: number;
  bufferedBytes: number;
  requests: number;
  replies: number;
  badFrames: number;
  handlerErrors: number;
  bytesRead: number;
}

/**
 * One connection of a server.
 *
 *     open ──(peer ended, handler closed, bad frame, drain)──→ ending ──(replies are out)──→ lingering ──→ closed
 *       └───────────────(broken, takes no bytes, holds too much)──────────────────────────────────────────↗
 *
 * - open: frames are pulled out of the decoder and handed to the handler as long as there is room for their replies;
 *   otherwise the socket is paused, and the frames stay where they are.
 * - ending: no more frames are pulled; what is being worked on is still answered.
 * - lingering: our side is ended; what still comes is dropped, because closing on unread bytes would reset the connection
 *   and take replies on their way with it.
 *
 * Invariants: replies leave in order, those of one turn of the event loop in one write; `#held` is this connection's share
 * of the server's buffered bytes; each of `#turns` is counted once in the server's requests in flight.
 */
export class ServerConnection<Request, Reply, State> {
  readonly number: number = ++lastNumber;
  readonly peer: TcpPeer;
  readonly state: State;
  readonly #host: ConnectionHost<Request, Reply, State>;
  readonly #socket: Socket;
  readonly #decoder: Decoder<Request>;
  readonly #turns: StreamReplies<Reply>;
  readonly #batch: FrameBatch<Reply>;

  #phase: "open" | "ending" | "lingering" | "closed" = "open";
  #reason: CloseReason = "peer-ended";
  #error: unknown;
  #abort: AbortController | undefined;
  /** What the stream starts with, as long as it may be the start of another protocol; then undefined. */
  #start: Uint8Array | undefined;
  #hasPeerEnded = false;
  #isPaused = false;
  #isWriteBlocked = false;
  /** Has had its share of this turn of the event loop. */
  #isYielding = false;
  #isTurnDue = false;
  #held = 0;
  #requestCount = 0;
  /** The connection ends after the reply to this request; replies to later ones are dropped. */
  #lastRequest = Infinity;
  #isLastReplied = false;

  // Times of `performance.now()`. Infinity: not running.
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #activeAtMs: number;
  #frameAtMs = Infinity;
  #hintAtMs = Infinity;
  #writeAtMs = Infinity;
  #lingerAtMs = Infinity;
  #writtenBytes = 0;

  constructor(host: ConnectionHost<Request, Reply, State>, socket: Socket, peer: TcpPeer, state: State) {
    this.#host = host;
    this.#socket = socket;
    this.peer = peer;
    this.state = state;
    this.#decoder = host.codec.decoder();
    this.#turns = new StreamReplies(host.settings.replyOrder);
    this.#batch = new FrameBatch(host.codec);
    this.#start = host.settings.refuseOtherProtocols ? NOTHING : undefined;
    this.#activeAtMs = performance.now();
    // The listeners are functions of the module, one set for all sockets: closures of each would double what one costs.
    (socket as OwnedSocket)[owner] = this as ServerConnection<unknown, unknown, unknown>;
    socket.on("data", onData).on("end", onEnd).on("drain", onDrain).on("error", onError).on("close", onClose);
    if (connectionOpen.hasSubscribers) connectionOpen.publish({ connection: this.number, server: host.url, peer });
    this.#wakeBy(this.#activeAtMs + host.settings.timeouts.idleMs);
  }

  get heldBytes(): number {
    return this.#held;
  }

  get inFlightCount(): number {
    return this.#turns.count;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#phase === "closed") this.#abort.abort();
    return this.#abort.signal;
  }

  /** Takes no more requests, answers those that are being worked on, and ends. */
  end(reason: CloseReason): void {
    if (this.#phase !== "open") return;
    this.#phase = "ending";
    this.#reason = reason;
    this.#frameAtMs = Infinity;
    this.#hintAtMs = Infinity;
    this.#host.waiting.delete(this);
    this.turnSoon();
  }

  /** Ends it after the reply to that request. */
  endAfter(request: number, reason: CloseReason = "handler-closed"): void {
    this.#lastRequest = Math.min(this.#lastRequest, request);
    this.end(reason);
  }

  /** Cuts it off. */
  destroy(reason: CloseReason): void {
    if (this.#phase === "closed") return;
    this.#reason = reason;
    this.#close();
    this.#socket.destroy();
  }

  /** Schedules the turn that sends what has been answered until then. Answers that come in one burst share it. */
  turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    process.nextTick(takeTurn, this);
  }

  // What the socket and the timers report; called by the functions at the end of this file.

  turn(): void {
    this.#isTurnDue = false;
    this.#releaseReplies();
    this.#pull();
  }

  resumeTurn(): void {
    this.#isYielding = false;
    this.turn();
  }

  received(bytes: Uint8Array): void {
    this.#host.counts.bytesRead += bytes.length;
    if (this.#phase !== "open") return;
    if (this.#start !== undefined && this.#refuseOther(this.#start, bytes)) return;
    this.#activeAtMs = performance.now();
    this.#decoder.push(bytes);
    this.#pull();
  }

  peerEnded(): void {
    this.#hasPeerEnded = true;
    if (this.#phase !== "open") return;
    this.#decoder.end();
    this.#pull();
  }

  drained(): void {
    this.#isWriteBlocked = false;
    this.#writeAtMs = Infinity;
    this.#activeAtMs = performance.now();
    this.turn();
  }

  broke(error: Error): void {
    // A peer that resets after it has everything breaks nothing.
    if (this.#phase === "closed" || this.#socket.writableFinished) return;
    this.#error = error;
    this.#reason = "error";
  }

  finished(): void {
    this.#lingerAtMs = performance.now() + this.#host.settings.timeouts.lingerMs;
    this.#wakeBy(this.#lingerAtMs);
  }

  socketClosed(): void {
    this.#close();
  }

  timeUp(): void {
    this.#timerAtMs = Infinity;
    if (this.#phase === "closed") return;
    const nowMs = performance.now();
    const { timeouts } = this.#host.settings;
    if (nowMs >= this.#lingerAtMs) return this.destroy(this.#reason);
    if (nowMs >= this.#writeAtMs && !this.#hasWritten(nowMs)) return this.destroy("write-timeout");
    if (nowMs >= this.#handlerAtMs()) this.#giveUpHandler();
    if (nowMs >= this.#frameAtMs) {
      // While we do not read, it is not the peer who is slow.
      if (this.#isPaused) this.#frameAtMs = nowMs + timeouts.frameMs;
      else this.end("frame-timeout");
    }
    if (nowMs >= this.#hintAtMs) this.#sendHint(nowMs);
    if (this.#phase === "open" && nowMs >= this.#activeAtMs + timeouts.idleMs) {
      if (this.#held === 0 && this.#turns.count === 0) this.end("idle-timeout");
      else this.#activeAtMs = nowMs;
    }
    const idleAtMs = this.#phase === "open" ? this.#activeAtMs + timeouts.idleMs : Infinity;
    const ownMs = Math.min(this.#frameAtMs, this.#hintAtMs, this.#writeAtMs, this.#lingerAtMs);
    this.#wakeBy(Math.min(ownMs, this.#handlerAtMs(), idleAtMs));
  }

  #handlerAtMs(): number {
    // Lingering, nobody waits for what is still being worked on.
    return this.#phase === "lingering" ? Infinity : (this.#turns.wakeAtMs ?? Infinity);
  }

  /** Hands over the frames that there is room for, then sends what was answered. */
  #pull(): void {
    const { maxFramesPerTurn } = this.#host.settings.limits;
    let frames = 0;
    while (this.#hasRoom()) {
      if (frames >= maxFramesPerTurn && this.#decoder.pendingBytes > 0) {
        this.#isYielding = true;
        setImmediate(resumeTurn, this);
        break;
      }
      const count = this.#runAtOnce(maxFramesPerTurn - frames);
      frames += count;
      if (count > 0) continue;
      const event = this.#decoder.next();
      if (event === undefined) {
        this.#awaitBytes(frames > 0);
        break;
      }
      frames += 1;
      if (event.kind === "message") this.#run(event.message);
      else this.#runBad(event.error, event.kind === "lost");
    }
    this.#flush();
    this.#setPaused(this.#phase === "open" && !this.#canRead());
    this.#wakeNext();
  }

  #canRead(): boolean {
    const { limits } = this.#host.settings;
    const isWaiting = this.#isYielding || this.#isWriteBlocked || this.#host.waiting.has(this);
    return !isWaiting && this.#turns.count < limits.maxInFlightPerConnection;
  }

  /** Whether one more request may be taken. */
  #hasRoom(): boolean {
    if (this.#phase !== "open" || this.#isYielding || this.#isWriteBlocked) return false;
    const { counts, settings, waiting } = this.#host;
    if (this.#turns.count >= settings.limits.maxInFlightPerConnection) return false;
    if (this.#batch.length >= settings.limits.maxQueuedReplyBytes) {
      this.#write();
      if (this.#isWriteBlocked) return false;
    }
    if (counts.inFlight < settings.limits.maxInFlight) return true;
    // Its end has to wait too: there may be frames before it.
    if (this.#decoder.pendingBytes > 0 || this.#hasPeerEnded) waiting.add(this);
    return false;
  }

  /** All whole frames are taken. */
  #awaitBytes(hadFrames: boolean): void {
    if (this.#hasPeerEnded) return this.end("peer-ended");
    if (this.#decoder.pendingBytes === 0) {
      this.#frameAtMs = Infinity;
      this.#hintAtMs = Infinity;
      return;
    }
    if (hadFrames || this.#frameAtMs === Infinity) {
      this.#frameAtMs = this.#activeAtMs + this.#host.settings.timeouts.frameMs;
      this.#wakeBy(this.#frameAtMs);
    }
    const hint = this.#host.options.unfinishedFrameHint;
    if (hint !== undefined) {
      this.#hintAtMs = this.#activeAtMs + hint.afterMs;
      this.#wakeBy(this.#hintAtMs);
    }
  }

  /**
   * Hands over messages as long as each is answered at once, which is the most of what most servers do. Their replies are
   * joined in a variable: text that grows in a field costs as much again, because each growth is a store that the garbage
   * collector has to hear of. @returns how many.
   */
  #runAtOnce(most: number): number {
    const { codec, counts, options, settings } = this.#host;
    const decoder = this.#decoder;
    if (decoder.nextMessage === undefined || codec.encodeText === undefined || this.#turns.count > 0) return 0;

    const room = settings.limits.maxQueuedReplyBytes - this.#batch.length;
    let text = "";
    let count = 0;
    while (count < most && text.length < room && this.#phase === "open") {
      const request = decoder.nextMessage();
      if (request === undefined) break;
      count += 1;
      counts.requests += 1;
      const number = this.#begin();
      try {
        const reply = options.handler(request, new RequestContext(this, number));
        if (this.#phase !== "open" || isPromise(reply)) {
          this.#batch.addText(text);
          text = "";
          this.#answer(number, reply);
          break;
        }
        if (reply !== undefined) {
          text += codec.encodeText(reply);
          counts.replies += 1;
        }
        if (requestEnd.hasSubscribers) requestEnd.publish({ connection: this.number, request: number });
      } catch (error) {
        this.#batch.addText(text);
        text = "";
        this.#failAt(number, error);
      }
    }
    this.#batch.addText(text);
    return count;
  }

  #run(request: Request): void {
    this.#host.counts.requests += 1;
    const number = this.#begin();
    try {
      this.#answer(number, this.#host.options.handler(request, new RequestContext(this, number)));
    } catch (error) {
      this.#failAt(number, error);
    }
  }

  /** An answer that comes at once costs no promise and no place, unless those before it are still awaited. */
  #answer(number: number, reply: Reply | undefined | Promise<Reply | undefined>): void {
    if (isPromise(reply)) this.#await(number, reply);
    else if (this.#turns.count === 0) this.#leave(number, reply);
    else this.#answerInTurn(number, reply);
  }

  #runBad(error: FrameError, isLost: boolean): void {
    this.#host.counts.badFrames += 1;
    const { onBadFrame } = this.#host.options;
    if (isLost || onBadFrame === undefined) {
      this.#error = error;
      return this.end("bad-frame");
    }
    const number = this.#begin();
    try {
      this.#answerInTurn(number, onBadFrame(error, new RequestContext(this, number)));
    } catch (failure) {
      this.#failAt(number, failure);
    }
  }

  #begin(): number {
    const number = ++this.#requestCount;
    if (requestStart.hasSubscribers) requestStart.publish({ connection: this.number, request: number });
    return number;
  }

  #answerInTurn(number: number, reply: Reply | undefined): void {
    this.#turns.settle(this.#accept(number), outcomeOf(reply));
    this.#releaseReplies();
  }

  #failAt(number: number, error: unknown): void {
    this.#turns.settle(this.#accept(number), this.#failure(error));
    this.#releaseReplies();
  }

  #await(number: number, pending: Promise<Reply | undefined>): void {
    const turn = this.#accept(number);
    pending.then(
      (reply) => this.#settle(turn, outcomeOf(reply)),
      (error: unknown) => this.#settle(turn, this.#failure(error)),
    );
  }

  #settle(turn: StreamTurn<Reply>, outcome: StreamTurnOutcome<Reply>): void {
    if (this.#phase === "closed") return;
    this.#turns.settle(turn, outcome);
    this.turnSoon();
  }

  #accept(number: number): StreamTurn<Reply> {
    this.#host.counts.inFlight += 1;
    const deadlineAtMs = this.#activeAtMs + this.#host.settings.timeouts.handlerMs;
    this.#wakeBy(deadlineAtMs);
    return this.#turns.accept(number, deadlineAtMs);
  }

  #releaseReplies(): void {
    if (this.#phase === "lingering" || this.#phase === "closed") return;
    let released = 0;
    for (let turn = this.#turns.next(); turn !== undefined; turn = this.#turns.next()) {
      released += 1;
      const { number, outcome } = turn;
      if (outcome?.kind === "failed" && number <= this.#lastRequest) this.endAfter(number, "handler-failed");
      this.#leave(number, outcome?.kind === "reply" ? outcome.reply : undefined);
    }
    if (released > 0) this.#giveBack(released);
  }

  /** Puts a reply in line for the next write. */
  #leave(number: number, reply: Reply | undefined): void {
    if (requestEnd.hasSubscribers) requestEnd.publish({ connection: this.number, request: number });
    if (number > this.#lastRequest || this.#isLastReplied) return;
    if (reply !== undefined) this.#add(number, reply);
    // In order of completion, others may still be on their way.
    if (number === this.#lastRequest && this.#host.settings.replyOrder === "request") this.#isLastReplied = true;
  }

  #add(number: number, reply: Reply): void {
    try {
      this.#batch.add(reply);
      this.#host.counts.replies += 1;
    } catch (error) {
      this.#failure(error);
      this.endAfter(number, "handler-failed");
    }
  }

  #failure(error: unknown): StreamTurnOutcome<Reply> {
    this.#host.counts.handlerErrors += 1;
    this.#error ??= error;
    return { kind: "failed" };
  }

  #giveBack(places: number): void {
    this.#host.counts.inFlight -= places;
    this.#wakeNext();
  }

  /** Each connection that is woken wakes the next, as long as there are places: it may have no whole frame, or be gone. */
  #wakeNext(): void {
    const { counts, settings, waiting } = this.#host;
    if (waiting.size === 0 || counts.inFlight >= settings.limits.maxInFlight) return;
    for (const connection of waiting) {
      waiting.delete(connection);
      connection.turnSoon();
      return;
    }
  }

  /** One write for all that was answered; ends the connection when that was the last. */
  #flush(): void {
    if (this.#phase === "lingering" || this.#phase === "closed") return;
    this.#write();
    this.#account();
    if (this.#phase === "ending" && (this.#turns.count === 0 || this.#isLastReplied)) this.#finish();
  }

  #write(): void {
    if (this.#batch.length === 0) return;
    this.#isWriteBlocked = !this.#batch.writeTo(this.#socket);
    if (this.#socket.writableLength === 0 || this.#writeAtMs !== Infinity) return;
    this.#writtenBytes = writtenBytesOf(this.#socket);
    this.#writeAtMs = performance.now() + this.#host.settings.timeouts.writeMs;
    this.#wakeBy(this.#writeAtMs);
  }

  #finish(): void {
    this.#phase = "lingering";
    this.#socket.on("finish", onFinish).end();
    this.#setPaused(false);
  }

  /** Whether bytes went out since this was last looked at; then the peer has as long again. */
  #hasWritten(nowMs: number): boolean {
    const writtenBytes = writtenBytesOf(this.#socket);
    const hasMoved = this.#socket.writableLength === 0 || writtenBytes > this.#writtenBytes;
    this.#writtenBytes = writtenBytes;
    this.#writeAtMs = this.#socket.writableLength === 0 ? Infinity : nowMs + this.#host.settings.timeouts.writeMs;
    return hasMoved;
  }

  #giveUpHandler(): void {
    this.#reason = "handler-timeout";
    this.#abort?.abort(new Error("the handler's time is up"));
    this.#finish();
  }

  #sendHint(nowMs: number): void {
    const hint = this.#host.options.unfinishedFrameHint;
    this.#hintAtMs = Infinity;
    if (hint === undefined || this.#phase !== "open") return;
    if (this.#turns.count > 0) {
      // It would be taken for the answer to a request that is still being worked on.
      this.#hintAtMs = nowMs + hint.afterMs;
      return;
    }
    this.#add(this.#requestCount, hint.reply);
    this.#flush();
  }

  #refuseOther(before: Uint8Array, bytes: Uint8Array): boolean {
    const start = before.length === 0 ? bytes : Buffer.concat([before, bytes.subarray(0, MOST_BYTES_LOOKED_AT)]);
    const other = otherProtocolOf(start);
    if (other === "undecided") {
      // A copy: the bytes belong to the decoder from here on.
      this.#start = start.slice();
      return false;
    }
    this.#start = undefined;
    if (other === "none") return false;
    this.end("other-protocol");
    this.#socket.write(other.answer);
    return true;
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused || this.#phase === "closed") return;
    this.#isPaused = isPaused;
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  #account(): void {
    const { counts, settings } = this.#host;
    const held = this.#decoder.pendingBytes + this.#batch.length + this.#socket.writableLength;
    counts.bufferedBytes += held - this.#held;
    this.#held = held;
    if (held > settings.limits.maxBufferedBytesPerConnection) this.destroy("buffer-limit");
    else if (counts.bufferedBytes > settings.limits.maxBufferedBytes) this.#host.shed();
  }

  #wakeBy(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    // It must not hold the process: the socket does, as long as there is one.
    this.#timer = setTimeout(onTimer, Math.max(1, Math.ceil(atMs - performance.now())), this).unref();
  }

  #close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    clearTimeout(this.#timer);
    this.#timerAtMs = -Infinity;
    this.#host.waiting.delete(this);
    this.#host.counts.bufferedBytes -= this.#held;
    this.#held = 0;
    const abandoned = this.#turns.abandon();
    for (const turn of abandoned) {
      if (requestEnd.hasSubscribers) requestEnd.publish({ connection: this.number, request: turn.number });
    }
    this.#giveBack(abandoned.length);
    this.#abort?.abort(new Error(`the connection is gone: ${this.#reason}`));
    this.#host.closed(this, this.#reason);
    if (connectionClose.hasSubscribers) {
      const { number, peer } = this;
      const message = { connection: number, server: this.#host.url, peer, reason: this.#reason, error: this.#error };
      connectionClose.publish(message);
    }
  }
}

function outcomeOf<Reply>(reply: Reply | undefined): StreamTurnOutcome<Reply> {
  return reply === undefined ? SILENCE : { kind: "reply", reply };
}

const NOTHING = new Uint8Array(0);

const SILENCE = { kind: "silence" } as const;

let lastNumber = 0;

const owner = Symbol("connection");
type OwnedSocket = Socket & { [owner]: ServerConnection<unknown, unknown, unknown> };

function onData(this: Socket, bytes: Uint8Array): void {
  (this as OwnedSocket)[owner].received(bytes);
}

function onEnd(this: Socket): void {
  (this as OwnedSocket)[owner].peerEnded();
}

function onDrain(this: Socket): void {
  (this as OwnedSocket)[owner].drained();
}

function onFinish(this: Socket): void {
  (this as OwnedSocket)[owner].finished();
}

function onError(this: Socket, error: Error): void {
  (this as OwnedSocket)[owner].broke(error);
}

function onClose(this: Socket): void {
  (this as OwnedSocket)[owner].socketClosed();
}

type Turning = Pick<ServerConnection<never, never, never>, "turn" | "resumeTurn" | "timeUp">;

function takeTurn(connection: Turning): void {
  connection.turn();
}

function resumeTurn(connection: Turning): void {
  connection.resumeTurn();
}

function onTimer(connection: Turning): void {
  afterPoll(() => connection.timeUp());
}

/** Bytes that the system has taken. `bytesWritten` alone counts those that wait in the stream too. */
function writtenBytesOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
