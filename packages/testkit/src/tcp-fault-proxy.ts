import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { refuseUnknownKeys, wholeNumber } from "./options.ts";
import { createRandom, type Random } from "./random.ts";
import { StreamFaultLine, validatedStreamFaults } from "./stream-faults.ts";
import type { StreamAction, StreamCounts, StreamFaults } from "./stream-faults.ts";

/** What goes wrong with the connections through a proxy. A way that is not named has no faults. */
export interface TcpFaults {
  readonly toTarget?: StreamFaults;
  readonly toClient?: StreamFaults;
  /** New connections are accepted and reset at once, without a connection to the target. */
  readonly refuse?: boolean;
}

/** Where connections end up. */
export type TcpTarget = { readonly host?: string; readonly port: number } | { readonly path: string };

/** What a TCP proxy is made of. */
export interface TcpFaultProxyOptions {
  readonly target: TcpTarget;
  readonly faults?: TcpFaults;
  /** Default 1. What happens to the bytes of the n-th connection depends on the seed, n and the bytes, not on time. */
  readonly seed?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Bytes read and not yet written, each way of each connection, at which the proxy stops reading. Default 65536. */
  readonly maxBufferedBytes?: number;
  /** Connections at a time; more are reset. Default 1024. */
  readonly maxConnections?: number;
}

/** What a proxy has done, over all connections. */
export interface TcpProxyCounts {
  /** Accepted, refused ones included. */
  readonly connections: number;
  readonly openConnections: number;
  readonly refusedConnections: number;
  /** Connections that were reset because the target could not be reached. */
  readonly unreachableTargets: number;
  readonly toTarget: StreamCounts;
  readonly toClient: StreamCounts;
}

/** A proxy that listens; connect to it instead of the target. */
export interface TcpFaultProxy extends AsyncDisposable {
  /** `tcp://127.0.0.1:65432`; an IPv6 address stands in brackets. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** From now on, for open connections too: a stall ends that is not in the new faults. */
  setFaults(faults: TcpFaults): void;
  /** What was done so far. */
  counts(): TcpProxyCounts;
  /** Resets every open connection, both ways. */
  resetConnections(): void;
  /** Listens no longer and destroys what is open. */
  close(): Promise<void>;
}

/**
 * A TCP proxy that does to the bytes what networks do. It reads no further than it has written (`maxBufferedBytes`), so a
 * side that does not read is felt by the other. Rejects as `listen` of node:net does.
 */
export async function createTcpFaultProxy(options: TcpFaultProxyOptions): Promise<TcpFaultProxy> {
  refuseUnknownKeys("createTcpFaultProxy", options, [
    "target",
    "faults",
    "seed",
    "host",
    "port",
    "maxBufferedBytes",
    "maxConnections",
  ]);
  const proxy = new TcpProxy(options);
  await proxy.listen(options.host ?? "127.0.0.1", wholeNumber("port", options.port ?? 0, 0, 65_535));
  return proxy;
}

class TcpProxy implements TcpFaultProxy {
  readonly #target: TcpTarget;
  readonly #random: Random;
  readonly #maxBufferedBytes: number;
  readonly #maxConnections: number;
  readonly #server: Server;
  readonly #open = new Set<Connection>();
  /** Of connections that are closed. */
  #toTarget = noStreamCounts;
  #toClient = noStreamCounts;
  #connections = 0;
  #refused = 0;
  #unreachable = 0;
  #faults: TcpFaults;
  #closing: Promise<void> | undefined;
  host = "";
  port = 0;

  constructor(options: TcpFaultProxyOptions) {
    this.#target = options.target;
    this.#random = createRandom(options.seed ?? 1);
    this.#maxBufferedBytes = wholeNumber("maxBufferedBytes", options.maxBufferedBytes ?? 65_536, 1, 2 ** 30);
    this.#maxConnections = wholeNumber("maxConnections", options.maxConnections ?? 1024, 1, 65_535);
    this.#faults = validated(options.faults ?? {});
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
      this.#accept(client);
    });
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    const address = this.#server.address() as { address: string; port: number };
    this.host = address.address;
    this.port = address.port;
  }

  get url(): string {
    return `tcp://${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.port}`;
  }

  setFaults(faults: TcpFaults): void {
    this.#faults = validated(faults);
    for (const connection of this.#open) connection.setFaults(this.#faults);
  }

  counts(): TcpProxyCounts {
    const open = [...this.#open];
    return {
      connections: this.#connections,
      openConnections: open.length,
      refusedConnections: this.#refused,
      unreachableTargets: this.#unreachable,
      toTarget: open.reduce((sum, each) => sumOf(sum, each.toTarget.line.counts), this.#toTarget),
      toClient: open.reduce((sum, each) => sumOf(sum, each.toClient.line.counts), this.#toClient),
    };
  }

  resetConnections(): void {
    for (const connection of this.#open) connection.reset();
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#open) connection.destroy();
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    client.on("error", () => {});
    const number = this.#connections++;
    if (this.#faults.refuse === true || this.#open.size >= this.#maxConnections) {
      this.#refused += 1;
      client.resetAndDestroy();
      return;
    }
    const target = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const random = this.#random.fork(`connection ${number}`);
    const connection = new Connection(client, target, random, this.#faults, this.#maxBufferedBytes);
    this.#open.add(connection);
    let isConnected = false;
    target.once("connect", () => (isConnected = true));
    target.once("error", () => {
      if (!isConnected) this.#unreachable += 1;
    });
    connection.onClosed = () => {
      this.#open.delete(connection);
      this.#toTarget = sumOf(this.#toTarget, connection.toTarget.line.counts);
      this.#toClient = sumOf(this.#toClient, connection.toClient.line.counts);
    };
  }
}

/** Two sockets and the two ways between them. Closed when both sockets are. */
class Connection {
  readonly toTarget: Pump;
  readonly toClient: Pump;
  onClosed: () => void = () => {};
  readonly #sockets: readonly Socket[];

  constructor(client: Socket, target: Socket, random: Random, faults: TcpFaults, maxBufferedBytes: number) {
    this.#sockets = [client, target];
    const pump = (source: Socket, sink: Socket, way: "toTarget" | "toClient"): Pump =>
      new Pump(source, sink, new StreamFaultLine(random.fork(way), faults[way]), maxBufferedBytes, () => this.reset());
    this.toTarget = pump(client, target, "toTarget");
    this.toClient = pump(target, client, "toClient");
    let open = this.#sockets.length;
    for (const socket of this.#sockets) {
      socket.on("close", () => {
        open -= 1;
        if (open > 0) return;
        this.toTarget.stop();
        this.toClient.stop();
        this.onClosed();
      });
    }
  }

  setFaults(faults: TcpFaults): void {
    this.toTarget.setFaults(faults.toTarget ?? {});
    this.toClient.setFaults(faults.toClient ?? {});
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * One way: source → fault line → actions, performed one after the other → sink.
 * The source is paused while `#bufferedBytes` is at the limit or the line is stalled.
 */
class Pump {
  readonly line: StreamFaultLine;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #maxBufferedBytes: number;
  readonly #reset: () => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #bufferedBytes = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(source: Socket, sink: Socket, line: StreamFaultLine, maxBufferedBytes: number, reset: () => void) {
    this.line = line;
    this.#source = source;
    this.#sink = sink;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#reset = reset;
    source.on("data", (bytes) => this.#perform(line.push(bytes)));
    source.on("end", () => this.#perform(line.end()));
    // A reset travels behind the bytes before it, as on a wire.
    source.on("error", () => this.#perform([{ kind: "reset", delayMs: 0 }]));
    source.resume();
  }

  setFaults(faults: StreamFaults): void {
    this.#perform(this.line.setFaults(faults));
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #perform(actions: readonly StreamAction[]): void {
    // Actions of one delay share one timer: a chunk split into bytes is thousands of them.
    const due = new Map<number, Promise<void>>([[0, Promise.resolve()]]);
    for (const action of actions) {
      if (action.kind === "write") this.#bufferedBytes += action.bytes.length;
      let time = due.get(action.delayMs);
      if (time === undefined) {
        time = this.#later(action.delayMs);
        due.set(action.delayMs, time);
      }
      const isDue = time;
      this.#tail = this.#tail.then(() => isDue).then(() => this.#do(action));
    }
    this.#readOrPause();
  }

  async #do(action: StreamAction): Promise<void> {
    if (action.kind === "reset") {
      this.#reset();
    } else if (action.kind === "end") {
      this.#sink.end();
    } else {
      // Resolves once the system has the piece, or will never take it.
      await new Promise<void>((resolve) => {
        if (this.#sink.destroyed || this.#sink.writableEnded) resolve();
        else this.#sink.write(action.bytes, () => resolve());
      });
      // The peer gets a turn to read this piece by itself.
      await new Promise((resolve) => setImmediate(resolve));
      this.#bufferedBytes -= action.bytes.length;
      this.#readOrPause();
    }
  }

  #readOrPause(): void {
    if (this.line.isStalled || this.#bufferedBytes >= this.#maxBufferedBytes) this.#source.pause();
    else this.#source.resume();
  }

  #later(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, delayMs);
      this.#timers.add(timer);
    });
  }
}

function validated(faults: TcpFaults): TcpFaults {
  refuseUnknownKeys("faults", faults, ["toTarget", "toClient", "refuse"]);
  validatedStreamFaults(faults.toTarget ?? {});
  validatedStreamFaults(faults.toClient ?? {});
  return { ...faults };
}

const noStreamCounts: StreamCounts = {
  receivedBytes: 0,
  forwardedBytes: 0,
  discardedBytes: 0,
  heldBytes: 0,
  pieces: 0,
  corruptedBytes: 0,
  stalls: 0,
  resets: 0,
  ends: 0,
};

function sumOf(a: StreamCounts, b: StreamCounts): StreamCounts {
  const entries = Object.entries(a).map(([name, count]) => [name, count + b[name as keyof StreamCounts]]);
  return Object.fromEntries(entries) as StreamCounts;
}
