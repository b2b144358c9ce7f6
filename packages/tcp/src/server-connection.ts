import type { Socket } from "node:net";
import type { Codec, Decoder, FrameError } from "@tallyline/framing";
import { StreamReplies, type StreamTurn, type StreamTurnOutcome, type TurnQueue } from "@tallyline/request-reply";
import { Alarm } from "./alarm.ts";
import { FrameBatch } from "./frame-batch.ts";
import { MOST_BYTES_LOOKED_AT, otherProtocolOf } from "./other-protocols.ts";
import type { TcpPeer } from "./peer.ts";
import { RequestContext } from "./request-context.ts";
import { type CloseReason, connectionClose, connectionOpen, requestEnd, requestStart } from "./server-events.ts";
import type { ServerSettings, TcpServerOptions } from "./server-options.ts";
import { releaseRead } from "./release-read.ts";
import { reportTo, type SocketOwner } from "./socket-listeners.ts";

/** What the connections of one server share. */
export interface ConnectionHost<Request, Reply, State> {
  readonly url: string;
  readonly codec: Codec<Request, Reply>;
  readonly options: TcpServerOptions<Request, Reply, State>;
  readonly settings: ServerSettings;
  readonly counts: ServerCounts;
  /** Connections that wait for one of the server's places for requests, the longest first. */
  readonly waiting: Set<ServerConnection<Request, Reply, State>>;
  /** Connections that write at the end of the turn. */
  readonly sending: TurnQueue<ServerConnection<Request, Reply, State>>;
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
 * of the server's buffered bytes; `#inFlight` is its share of the server's requests in flight.
 */
export class ServerConnection<Request, Reply, State> implements SocketOwner {
  // What every read looks at comes first: side by side, it is read from memory at once.
  readonly #host: ConnectionHost<Request, Reply, State>;
  readonly #decoder: Decoder<Request>;
  readonly #batch: FrameBatch<Reply>;
  readonly #socket: Socket;
  #phase: "open" | "ending" | "lingering" | "closed" = "open";
  /** What the stream starts with, as long as it may be the start of another protocol; then undefined. */
  #start: Uint8Array | undefined;
  /** Something came, or went out, since the alarm last rang for `#idleAtMs`. */
  #isActive = false;
  #hasPeerEnded = false;
  #isPaused = false;
  #isWriteBlocked = false;
  /** Has had its share of this turn of the event loop. */
  #isYielding = false;
  /** The beginning of a frame is there, and has its time. */
  #isInFrame = false;
  /** Its replies wait for the end of the turn. */
  #isQueued = false;
  /** The last read, where its memory is to be given back. */
  #read: Uint8Array | undefined;
  #isPullTimed = false;
  #inFlight = 0;
  #requestCount = 0;
  #held = 0;

  readonly number: number = ++lastNumber;
  readonly peer: TcpPeer;
  readonly state: State;
  /** Made with the first request that is not answered at once. */
  #turns: StreamReplies<Reply> | undefined;
  #isTurnDue = false;
  /** The connection ends after the reply to this request; replies to later ones are dropped. */
  #lastRequest = Infinity;
  #isLastReplied = false;
  #reason: CloseReason = "peer-ended";
  #error: unknown;
  #abort: AbortController | undefined;

  readonly #alarm = new Alarm(this);
  // Times of `performance.now()`. Infinity: not running.
  #pulledAtMs = 0;
  #idleAtMs: number;
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
    this.#batch = new FrameBatch(host.codec);
    this.#start = host.settings.refuseOtherProtocols ? NOTHING : undefined;
    reportTo(socket, this);
    this.#idleAtMs = performance.now() + host.settings.timeouts.idleMs;
    this.#alarm.wakeBy(this.#idleAtMs);
    if (connectionOpen.hasSubscribers) connectionOpen.publish({ connection: this.number, server: host.url, peer });
  }

  get heldBytes(): number {
    return this.#held;
  }

  get inFlightCount(): number {
    return this.#inFlight;
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
    this.#leaveFrame();
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

  // What the socket, the alarm and the event loop report.

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
    if (!this.#isActive) this.#becomeActive();
    this.#decoder.push(bytes);
    if (this.#host.settings.releaseRequests) this.#read = bytes;
    this.#take();
    if (!this.#mayWait()) return this.#send();
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#host.sending.add(this);
  }

  /** Sends what was answered since it was queued. */
  turnEnded(): void {
    this.#isQueued = false;
    this.#send();
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
    if (!this.#isActive) this.#becomeActive();
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
    this.#alarm.wakeBy(this.#lingerAtMs);
  }

  socketClosed(): void {
    this.#close();
  }

  timeUp(): void {
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
    if (this.#phase === "open" && nowMs >= this.#idleAtMs) {
      if (!this.#isActive && this.#held === 0 && this.#inFlight === 0) this.end("idle-timeout");
      this.#isActive = false;
      this.#idleAtMs = nowMs + timeouts.idleMs;
    }
    const ownMs = Math.min(this.#frameAtMs, this.#hintAtMs, this.#writeAtMs, this.#lingerAtMs);
    const idleAtMs = this.#phase === "open" ? this.#idleAtMs : Infinity;
    this.#alarm.wakeBy(Math.min(ownMs, this.#handlerAtMs(), idleAtMs));
  }

  /**
   * The idle time runs from when the alarm finds that nothing more has happened. It looks an eighth of that time after a
   * connection became active: reading the clock at each read would cost a fifth of all that is done with it.
   */
  #becomeActive(): void {
    this.#isActive = true;
    this.#idleAtMs = performance.now() + this.#host.settings.timeouts.idleMs / 8;
    this.#alarm.wakeBy(this.#idleAtMs);
  }

  #handlerAtMs(): number {
    // Lingering, nobody waits for what is still being worked on.
    return this.#phase === "lingering" ? Infinity : (this.#turns?.wakeAtMs ?? Infinity);
  }

  /** Replies wait for the end of the turn when they are all that there is to do. Large ones are written while their bytes are in the caches. */
  #mayWait(): boolean {
    const { length } = this.#batch;
    if (length === 0 || length > MOST_BYTES_THAT_WAIT) return false;
    return this.#phase === "open" && this.#inFlight === 0 && this.#decoder.pendingBytes === 0;
  }

  /** Hands over the frames that there is room for, then sends what was answered. */
  #pull(): void {
    this.#take();
    this.#send();
  }

  #take(): void {
    const { maxFramesPerTurn } = this.#host.settings.limits;
    const decoder = this.#decoder;
    this.#isPullTimed = false;
    let frames = 0;
    for (;;) {
      if (decoder.pendingBytes === 0 && !this.#hasPeerEnded) {
        if (this.#isInFrame) this.#leaveFrame();
        break;
      }
      if (!this.#hasRoom()) break;
      if (frames >= maxFramesPerTurn) {
        this.#isYielding = true;
        setImmediate(resumeTurn, this);
        break;
      }
      const count = this.#runAtOnce(maxFramesPerTurn - frames);
      frames += count;
      if (count > 0) continue;
      const event = decoder.next();
      if (event === undefined) {
        this.#awaitRest(frames > 0);
        break;
      }
      frames += 1;
      if (event.kind === "message") this.#run(event.message);
      else this.#runBad(event.error, event.kind === "lost");
    }
  }

  #send(): void {
    this.#flush();
    this.#setPaused(this.#phase === "open" && !this.#canRead());
    this.#wakeNext();
    const read = this.#read;
    if (read === undefined) return;
    this.#read = undefined;
    // Everything that came was handled, and the system has taken everything that was answered.
    if (this.#held === 0 && this.#inFlight === 0 && this.#phase === "open") releaseRead(read);
  }

  #canRead(): boolean {
    const { settings, waiting } = this.#host;
    const isWaiting = this.#isYielding || this.#isWriteBlocked || (waiting.size > 0 && waiting.has(this));
    return !isWaiting && this.#inFlight < settings.limits.maxInFlightPerConnection;
  }

  /** Whether one more request may be taken. */
  #hasRoom(): boolean {
    if (this.#phase !== "open" || this.#isYielding || this.#isWriteBlocked) return false;
    const { counts, settings, waiting } = this.#host;
    if (this.#inFlight >= settings.limits.maxInFlightPerConnection) return false;
    if (this.#batch.length >= settings.limits.maxQueuedReplyBytes) {
      this.#write();
      if (this.#isWriteBlocked) return false;
    }
    if (counts.inFlight < settings.limits.maxInFlight) return true;
    waiting.add(this);
    return false;
  }

  /** All whole frames are taken, and there is the beginning of one. */
  #awaitRest(hadFrames: boolean): void {
    if (this.#hasPeerEnded) return this.end("peer-ended");
    const nowMs = performance.now();
    if (hadFrames || !this.#isInFrame) {
      this.#frameAtMs = nowMs + this.#host.settings.timeouts.frameMs;
      this.#alarm.wakeBy(this.#frameAtMs);
    }
    const hint = this.#host.options.unfinishedFrameHint;
    if (hint !== undefined) {
      this.#hintAtMs = nowMs + hint.afterMs;
      this.#alarm.wakeBy(this.#hintAtMs);
    }
    this.#isInFrame = true;
  }

  #leaveFrame(): void {
    this.#isInFrame = false;
    this.#frameAtMs = Infinity;
    this.#hintAtMs = Infinity;
  }

  /**
   * Hands over messages as long as each is answered at once, which is the most of what most servers do. Their replies are
   * joined in a variable where they are text: text that grows in a field costs as much again, because each growth is a store
   * that the garbage collector has to hear of. @returns how many.
   */
  #runAtOnce(most: number): number {
    const { codec, counts, options, settings } = this.#host;
    const { encodeText } = codec;
    const decoder = this.#decoder;
    if (decoder.nextMessage === undefined || this.#inFlight > 0) return 0;

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
        if (encodeText === undefined || this.#phase !== "open" || isPromise(reply)) {
          this.#batch.addText(text);
          text = "";
          this.#answer(number, reply);
          break;
        }
        if (reply !== undefined) {
          text += encodeText(reply);
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
    else if (this.#inFlight === 0) this.#leave(number, reply);
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
    this.#accept(number, outcomeOf(reply));
    this.#releaseReplies();
  }

  #failAt(number: number, error: unknown): void {
    this.#accept(number, this.#failure(error));
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
    this.#turns?.settle(turn, outcome);
    this.turnSoon();
  }

  #accept(number: number, outcome?: StreamTurnOutcome<Reply>): StreamTurn<Reply> {
    const { counts, settings } = this.#host;
    counts.inFlight += 1;
    this.#inFlight += 1;
    this.#turns ??= new StreamReplies(settings.replyOrder);
    const turn = this.#turns.accept(number, this.#deadlineAtMs());
    if (outcome !== undefined) this.#turns.settle(turn, outcome);
    return turn;
  }

  /** Requests that are pulled together have the same time. */
  #deadlineAtMs(): number {
    if (!this.#isPullTimed) this.#pulledAtMs = performance.now();
    this.#isPullTimed = true;
    const deadlineAtMs = this.#pulledAtMs + this.#host.settings.timeouts.handlerMs;
    this.#alarm.wakeBy(deadlineAtMs);
    return deadlineAtMs;
  }

  #releaseReplies(): void {
    if (this.#phase === "lingering" || this.#phase === "closed") return;
    let released = 0;
    for (let turn = this.#turns?.next(); turn !== undefined; turn = this.#turns?.next()) {
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
    if (this.#phase !== "open" && (number > this.#lastRequest || this.#isLastReplied)) return;
    if (reply !== undefined) this.#add(number, reply);
    if (this.#phase === "open" || number !== this.#lastRequest) return;
    // In order of completion, others may still be on their way.
    this.#isLastReplied = this.#host.settings.replyOrder === "request";
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
    this.#inFlight -= places;
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
    if (this.#phase === "ending" && (this.#inFlight === 0 || this.#isLastReplied)) this.#finish();
  }

  #write(): void {
    if (this.#batch.length === 0) return;
    this.#isWriteBlocked = !this.#batch.writeTo(this.#socket);
    if (this.#socket.writableLength === 0 || this.#writeAtMs !== Infinity) return;
    this.#writtenBytes = writtenBytesOf(this.#socket);
    this.#writeAtMs = performance.now() + this.#host.settings.timeouts.writeMs;
    this.#alarm.wakeBy(this.#writeAtMs);
  }

  #finish(): void {
    this.#phase = "lingering";
    this.#socket.end();
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
    if (hint === undefined || this.#phase !== "open" || hint.isFor?.(this.state) === false) return;
    if (this.#inFlight > 0) {
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

  #close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#alarm.stop();
    this.#host.waiting.delete(this);
    this.#host.counts.bufferedBytes -= this.#held;
    this.#held = 0;
    const abandoned = this.#turns?.abandon() ?? [];
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
const MOST_BYTES_THAT_WAIT = 4096;

const SILENCE = { kind: "silence" } as const;

let lastNumber = 0;

type Turning = Pick<ServerConnection<never, never, never>, "turn" | "resumeTurn">;

function takeTurn(connection: Turning): void {
  connection.turn();
}

function resumeTurn(connection: Turning): void {
  connection.resumeTurn();
}

/** Bytes that the system has taken. `bytesWritten` alone counts those that wait in the stream too. */
function writtenBytesOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
