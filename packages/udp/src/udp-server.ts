import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { promises as dns } from "node:dns";
import { once } from "node:events";
import { isIP } from "node:net";
import { DatagramServer, type DropReason, type RunningRequest, TurnQueue } from "@tallyline/request-reply";
import { serverDrop, serverEnd, serverStart } from "./diagnostics.ts";
import { ListenError } from "./errors.ts";
import { kernelDrops } from "./kernel-drops.ts";
import { LoadShedder } from "./load-shedder.ts";
import { positiveInteger } from "./options.ts";
import { Peer, type UdpPeer, urlOf } from "./peer.ts";
import { keyedHash, randomBytes } from "./random.ts";
import { RateLimiter } from "./rate-limiter.ts";
import {
  type HandlerReply,
  readServerOptions,
  type ServerSettings,
  type UdpRequestContext,
  type UdpServerOptions,
} from "./server-options.ts";

/** What a server has done since it listens, and what it holds now. */
export interface UdpServerStats {
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  /** Handlers begun, and those of them that failed or took too long. */
  readonly requests: number;
  readonly failures: number;
  /** Copies of completed requests that got the same reply again. */
  readonly repeated: number;
  readonly inFlight: number;
  readonly exchanges: number;
  /** Datagrams received and not answered, by reason. */
  readonly dropped: Readonly<Record<DropReason | "shed" | "rate" | "source-port-0", number>>;
  /** Replies that the system refused to send. */
  readonly sendErrors: number;
  /** The receive buffer: what was asked for and what the kernel gave (Linux counts it double). */
  readonly recvBufferBytes: { readonly requested: number; readonly effective: number };
  /** Datagrams that the kernel dropped because the receive buffer was full; undefined where the system does not tell. */
  readonly kernelDrops: number | undefined;
}

/** A server that listens. */
export interface UdpServer extends AsyncDisposable {
  /** `udp://127.0.0.1:65432`; an IPv6 address stands in brackets. */
  readonly url: string;
  readonly port: number;
  /** What the server has done and holds now. */
  stats(): UdpServerStats;
  /**
   * Runs nothing new, waits for the handlers that are running, at most `deadlineMs` (default 5,000), then aborts the
   * rest and closes the socket. Always ends; a second call awaits the first. `await using` does the same.
   */
  drain(options?: { readonly deadlineMs?: number }): Promise<{ readonly completed: number; readonly aborted: number }>;
}

/** Opens a UDP server. Resolves when it listens; rejects with a {@link ListenError}; throws on options that make no sense. */
export async function createUdpServer(options: UdpServerOptions): Promise<UdpServer> {
  const settings = readServerOptions(options);
  const { mode, plainTooLarge, limits, timeouts } = settings;
  const { maxRequestBytes, maxReplyBytes, maxInFlight, maxExchanges, maxExchangeBytes } = limits;
  const { exchangeLifetimeMs, networkDelayMs, cookieKeyMs } = timeouts;
  const exchanges = new DatagramServer({
    mode,
    ...(plainTooLarge !== undefined && { plainTooLarge }),
    limits: { maxRequestBytes, maxReplyBytes, maxInFlight, maxExchanges, maxExchangeBytes },
    timeouts: { exchangeLifetimeMs, networkDelayMs, cookieKeyMs },
    keyedHash,
    randomBytes,
    allocate: (bytes) => Buffer.allocUnsafe(bytes),
    now: performance.now(),
  });
  return new Server(await bind(settings.host, settings.port, limits.recvBufferBytes), exchanges, settings);
}

/** Binds a socket that nobody else can share: with `reuseAddr` a second server would silently take over all traffic. */
async function bind(
  host: string,
  port: number,
  recvBufferSize: number,
): Promise<{ socket: Socket; host: string; family: 4 | 6 }> {
  try {
    const { address, family } = isIP(host) === 0 ? await dns.lookup(host) : { address: host, family: isIP(host) };
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      recvBufferSize,
      // Addresses are always literal here; the default lookup costs a tick for every datagram sent.
      lookup: (literal, _options, callback) => callback(null, literal, family),
    });
    try {
      const listening = once(socket, "listening");
      // Exclusive: workers of `node:cluster` would share one socket, and a copy of a request would reach one that has not run it.
      socket.bind({ port, address, exclusive: true });
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return { socket, host: address, family: family === 6 ? 6 : 4 };
  } catch (error) {
    throw new ListenError(urlOf(host, port), error as NodeJS.ErrnoException);
  }
}

/** A handler whose promise has not settled. */
interface Running {
  readonly request: RunningRequest;
  readonly context: Context;
  readonly startedAt: number;
}

interface Outgoing {
  readonly datagram: Uint8Array;
  readonly peer: Peer;
}

class Server implements UdpServer {
  readonly url: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #family: 4 | 6;
  readonly #exchanges: DatagramServer;
  readonly #settings: ServerSettings;
  readonly #shedder: LoadShedder;
  readonly #rates: RateLimiter;
  readonly #outgoing = new TurnQueue<Outgoing>({
    onTurnEnd: setImmediate,
    act: ({ datagram, peer }) => this.#sendNow(datagram, peer),
  });
  /** In the order in which they began, so that the first is the next whose time is over. */
  readonly #running = new Set<Running>();
  readonly #recvBufferBytes: { readonly requested: number; readonly effective: number };
  readonly #dropped: Record<keyof UdpServerStats["dropped"], number> = { ...noDrops };
  #handlerTimer: NodeJS.Timeout | undefined;
  #received = 0;
  #sent = 0;
  #requests = 0;
  #failures = 0;
  #repeated = 0;
  #sendErrors = 0;
  #kernelDropsAtClose: number | undefined;
  #isClosed = false;
  #drained: Promise<{ completed: number; aborted: number }> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(
    bound: { socket: Socket; host: string; family: 4 | 6 },
    exchanges: DatagramServer,
    settings: ServerSettings,
  ) {
    this.#socket = bound.socket;
    this.#family = bound.family;
    this.#exchanges = exchanges;
    this.#settings = settings;
    this.port = bound.socket.address().port;
    this.url = urlOf(bound.host, this.port);
    const { recvBufferBytes, maxRatePerAddress, maxBurstPerAddress, maxAddresses } = settings.limits;
    const effective = bound.socket.getRecvBufferSize();
    this.#recvBufferBytes = { requested: recvBufferBytes, effective };
    this.#rates = new RateLimiter({ perSecond: maxRatePerAddress, burst: maxBurstPerAddress, maxAddresses });
    this.#shedder = new LoadShedder({
      capacity: Math.max(1, Math.floor(effective / smallDatagramBytes)),
      maxWaitMs: settings.timeouts.maxWaitMs,
      onTurnEnd: setImmediate,
      clock: () => performance.now(),
    });
    this.#socket.on("message", (datagram, source) => this.#receive(datagram, source));
    // An unconnected socket reports nothing about single datagrams; what comes here must not end the process.
    this.#socket.on("error", () => this.#sendErrors++);
  }

  stats(): UdpServerStats {
    return {
      datagramsReceived: this.#received,
      datagramsSent: this.#sent,
      requests: this.#requests,
      failures: this.#failures,
      repeated: this.#repeated,
      inFlight: this.#exchanges.inFlight,
      exchanges: this.#exchanges.exchanges,
      dropped: { ...this.#dropped },
      sendErrors: this.#sendErrors,
      recvBufferBytes: this.#recvBufferBytes,
      kernelDrops: this.#isClosed ? this.#kernelDropsAtClose : kernelDrops(this.port, this.#family),
    };
  }

  drain(options: { readonly deadlineMs?: number } = {}): Promise<{ completed: number; aborted: number }> {
    const deadlineMs = positiveInteger("deadlineMs", options.deadlineMs ?? 5000);
    this.#drained ??= this.#drain(deadlineMs);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #drain(deadlineMs: number): Promise<{ completed: number; aborted: number }> {
    this.#exchanges.drain();
    const running = this.#running.size;
    if (running > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const aborted = this.#running.size;
    const stopped = new Error("the server has stopped");
    for (const one of this.#running) this.#giveUp(one, stopped);
    this.#outgoing.flush();
    this.#kernelDropsAtClose = kernelDrops(this.port, this.#family);
    this.#isClosed = true;
    clearTimeout(this.#handlerTimer);
    await new Promise<void>((resolve) => this.#socket.close(resolve));
    return { completed: running - aborted, aborted };
  }

  #receive(datagram: Uint8Array, source: RemoteInfo): void {
    const now = performance.now();
    this.#received++;
    const peer = new Peer(source.address, source.port, this.port);
    if (!this.#shedder.admits(now)) return this.#drop("shed", peer, datagram);
    const isExempt = this.#settings.exemptLoopback && peer.isValidated;
    if (!isExempt && !this.#rates.admits(peer.address, now)) return this.#drop("rate", peer, datagram);
    if (peer.port === 0) return this.#drop("source-port-0", peer, datagram);

    const step = this.#exchanges.handle(datagram, peer, now);
    if (step.kind === "run") {
      this.#run(step.request, step.payload, peer, now);
    } else if (step.kind === "send") {
      if (step.isRepeated) this.#repeated++;
      this.#send(step.datagram, peer);
    } else {
      this.#drop(step.reason, peer, datagram);
    }
  }

  #run(request: RunningRequest, payload: Uint8Array, peer: Peer, now: number): void {
    const context = new Context(peer, !request.isPlain);
    this.#requests++;
    if (serverStart.hasSubscribers) serverStart.publish({ request, peer });
    let reply: ReturnType<UdpServerOptions["handler"]>;
    try {
      reply = this.#settings.handler(payload, context);
    } catch (error) {
      return this.#fail(request, error, peer);
    }
    if (isReply(reply)) this.#complete(request, reply, peer, now);
    else this.#runAsync({ request, context, startedAt: now }, Promise.resolve(reply), peer);
  }

  #runAsync(one: Running, reply: Promise<HandlerReply>, peer: Peer): void {
    this.#running.add(one);
    if (this.#handlerTimer === undefined) this.#armHandlerTimer();
    const settle = (finish: () => void): void => {
      // Not there any more: its time was over, and it has been answered.
      if (!this.#running.delete(one)) return;
      finish();
      this.#settled();
    };
    reply.then(
      (settled) => settle(() => this.#complete(one.request, settled, peer, performance.now())),
      (error: unknown) => settle(() => this.#fail(one.request, error, peer)),
    );
  }

  #settled(): void {
    if (this.#running.size === 0) this.#onIdle?.();
  }

  /** One timer for all handlers: they have equal time, so it waits for the one that began first. */
  #armHandlerTimer(): void {
    const [first] = this.#running;
    if (first === undefined) {
      this.#handlerTimer = undefined;
      return;
    }
    const { handlerMs } = this.#settings.timeouts;
    const remainingMs = first.startedAt + handlerMs - performance.now();
    this.#handlerTimer = setTimeout(
      () => {
        const expired = performance.now() - handlerMs;
        const tooLate = new Error(`the handler took longer than ${handlerMs} ms`);
        for (const one of this.#running) {
          if (one.startedAt > expired) break;
          this.#giveUp(one, tooLate);
        }
        this.#armHandlerTimer();
      },
      Math.max(1, Math.ceil(remainingMs)),
    );
    // What keeps the process alive is the socket.
    this.#handlerTimer.unref();
  }

  #giveUp(one: Running, reason: Error): void {
    this.#running.delete(one);
    one.context.abort(reason);
    this.#fail(one.request, reason, one.context.peer as Peer);
    this.#settled();
  }

  #complete(request: RunningRequest, reply: HandlerReply, peer: Peer, now: number): void {
    if (!isReply(reply)) {
      return this.#fail(request, new TypeError("the handler's reply is neither a Uint8Array nor a string"), peer);
    }
    if (serverEnd.hasSubscribers) serverEnd.publish({ request, peer, error: undefined });
    const datagram = this.#exchanges.complete(request, reply, now);
    if (datagram !== undefined) this.#send(datagram, peer);
  }

  #fail(request: RunningRequest, error: unknown, peer: Peer): void {
    this.#failures++;
    if (serverEnd.hasSubscribers) serverEnd.publish({ request, peer, error });
    const datagram = this.#exchanges.fail(request, performance.now());
    if (datagram !== undefined) this.#send(datagram, peer);
  }

  #send(datagram: Uint8Array, peer: Peer): void {
    this.#outgoing.add({ datagram, peer });
  }

  #sendNow(datagram: Uint8Array, peer: Peer): void {
    if (this.#isClosed) return;
    this.#sent++;
    // A copy in Node's buffer pool (0.1 us) saves moving a fresh array's bytes out of the JavaScript heap (0.8 us).
    const buffer = Buffer.isBuffer(datagram) ? datagram : Buffer.from(datagram);
    if (buffer.length <= surelySendableBytes) this.#socket.send(buffer, peer.port, peer.address);
    else this.#socket.send(buffer, peer.port, peer.address, (error) => error !== null && this.#sendErrors++);
  }

  #drop(reason: keyof UdpServerStats["dropped"], peer: Peer, datagram: Uint8Array): void {
    this.#dropped[reason]++;
    if (serverDrop.hasSubscribers) serverDrop.publish({ peer, reason, bytes: datagram.length });
  }
}

function isReply(reply: unknown): reply is HandlerReply {
  return reply === undefined || typeof reply === "string" || reply instanceof Uint8Array;
}

/** The context of one request. Most handlers never look at the signal, so it is made when they do. */
class Context implements UdpRequestContext {
  readonly peer: UdpPeer;
  readonly header: boolean;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(peer: UdpPeer, header: boolean) {
    this.peer = peer;
    this.header = header;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** What Linux charges to a receive buffer for a datagram of up to some 200 bytes. */
const smallDatagramBytes = 768;
/** Every IPv6 path carries this many bytes; a longer datagram can be refused (EMSGSIZE), which only a send callback hears. */
const surelySendableBytes = 1232;
const noDrops = {
  malformed: 0,
  reply: 0,
  "plain-ignored": 0,
  conflict: 0,
  joined: 0,
  unanswered: 0,
  busy: 0,
  draining: 0,
  "too-large": 0,
  shed: 0,
  rate: 0,
  "source-port-0": 0,
} as const;
