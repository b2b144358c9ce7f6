import { type ListenOptions, type Server, type Socket, connect, createServer } from "node:net";
import { once } from "node:events";
import { unlinkSync } from "node:fs";
import type { TLSSocket } from "node:tls";
import { TurnQueue } from "@tallyline/request-reply";
import { ListenError } from "./errors.ts";
import { positiveNumber, refuseUnknownKeys } from "./options.ts";
import { addressGroup, isLoopback, peerOf, plainAddress, urlOf } from "./peer.ts";
import { ServerConnection, type ConnectionHost, type ServerCounts } from "./server-connection.ts";
import { type CloseReason, connectionRefuse, type RefusalReason } from "./server-events.ts";
import { type ServerSettings, serverSettings, type TcpServerOptions } from "./server-options.ts";
import { type TlsCertificate, TlsHandshakes } from "./tls-server.ts";

/** A TCP server that listens. */
export interface TcpServer extends AsyncDisposable {
  /** `tcp://127.0.0.1:65432`, with brackets around IPv6, or `unix:/run/bank.sock`. */
  readonly url: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** What the server has done and holds now. */
  stats(): TcpServerStats;
  /** Stops accepting; connections that stand go on. */
  suspend(): void;
  /** Accepts again, on the same address. @throws ListenError when somebody else has it now. */
  resume(): Promise<void>;
  /** Uses another certificate from the next handshake on. @throws TypeError when the server is not a TLS server. */
  setCertificate(certificate: TlsCertificate): void;
  /**
   * Stops accepting, takes no more requests, answers those that are being worked on, and closes; what is left after the
   * deadline is cut off. Always ends, within the deadline. Resolves with how many requests were in flight when it began
   * and were answered, and how many were cut off. Calling it again returns the same promise.
   */
  drain(options?: { readonly deadlineMs?: number }): Promise<{ completed: number; aborted: number }>;
}

/** Figures of a server. Those that do not say "now" count since its start. */
export interface TcpServerStats {
  /** Connections now. */
  readonly connections: number;
  /** Connections in the TLS handshake now. */
  readonly handshakes: number;
  /** Requests being worked on now, without those answered at once. */
  readonly inFlight: number;
  /** Bytes received and not handled plus bytes to be sent now. */
  readonly bufferedBytes: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  readonly closed: Readonly<Record<CloseReason, number>>;
  readonly requests: number;
  readonly replies: number;
  readonly badFrames: number;
  readonly handlerErrors: number;
  readonly bytesRead: number;
  /** Times that the system could not accept a connection, for want of file descriptors. */
  readonly acceptErrors: number;
}

/**
 * Listens, and resolves once it does.
 * @throws {ListenError} when it cannot.
 * @throws {RangeError | TypeError} when an option is out of range or unknown.
 */
export async function createTcpServer<Request, Reply, State = undefined>(
  options: TcpServerOptions<Request, Reply, State>,
): Promise<TcpServer> {
  const server = new ListeningServer(options, serverSettings(options));
  await server.resume();
  return server;
}

class ListeningServer<Request, Reply, State> implements TcpServer {
  url: string;
  port: number;
  readonly #settings: ServerSettings;
  readonly #host: ConnectionHost<Request, Reply, State> & { url: string };
  readonly #tls: TlsHandshakes | undefined;
  #listener: Server | undefined;
  #listening: Promise<void> | undefined;
  #isSuspended = false;
  readonly #connections = new Set<ServerConnection<Request, Reply, State>>();
  readonly #perAddress = new Map<string, number>();
  #drained: Promise<{ completed: number; aborted: number }> | undefined;
  #whenEmpty: (() => void) | undefined;
  #accepted = 0;
  #acceptErrors = 0;
  readonly #refused: Record<RefusalReason, number> = {
    connections: 0,
    "connections-per-address": 0,
    handshakes: 0,
    "handshake-failed": 0,
    "handshake-timeout": 0,
    "not-tls": 0,
  };
  readonly #closed: Record<CloseReason, number> = {
    "peer-ended": 0,
    "handler-closed": 0,
    "handler-failed": 0,
    "handler-timeout": 0,
    "bad-frame": 0,
    "frame-timeout": 0,
    "idle-timeout": 0,
    "write-timeout": 0,
    "buffer-limit": 0,
    "server-buffer-limit": 0,
    "other-protocol": 0,
    drained: 0,
    error: 0,
  };

  constructor(options: TcpServerOptions<Request, Reply, State>, settings: ServerSettings) {
    this.#settings = settings;
    this.port = settings.port;
    this.url = settings.path === undefined ? urlOf(settings.host, settings.port) : `unix:${settings.path}`;
    if (options.tls !== undefined) {
      if (settings.path !== undefined)
        throw new TypeError("TLS needs a host and a port; a unix socket has no use for it");
      this.#tls = new TlsHandshakes(options.tls, settings.timeouts.handshakeMs);
    }
    const counts: ServerCounts = {
      inFlight: 0,
      bufferedBytes: 0,
      requests: 0,
      replies: 0,
      badFrames: 0,
      handlerErrors: 0,
      bytesRead: 0,
    };
    this.#host = {
      url: this.url,
      codec: options.codec,
      options,
      settings,
      counts,
      waiting: new Set(),
      sending: new TurnQueue({ onTurnEnd: setImmediate, act: (connection) => connection.turnEnded() }),
      shed: () => this.#shed(),
      closed: (connection, reason) => this.#forget(connection, reason),
    };
  }

  stats(): TcpServerStats {
    return {
      connections: this.#connections.size,
      handshakes: this.#tls?.count ?? 0,
      ...this.#host.counts,
      accepted: this.#accepted,
      refused: { ...this.#refused },
      closed: { ...this.#closed },
      acceptErrors: this.#acceptErrors,
    };
  }

  suspend(): void {
    this.#isSuspended = true;
    this.#listener?.close();
    this.#listener = undefined;
    this.#listening = undefined;
  }

  resume(): Promise<void> {
    if (this.#drained !== undefined) throw new Error(`${this.url} is drained and cannot be resumed`);
    this.#isSuspended = false;
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  setCertificate(certificate: TlsCertificate): void {
    if (this.#tls === undefined) throw new TypeError(`${this.url} is not a TLS server`);
    this.#tls.setCertificate(certificate);
  }

  drain(options: { readonly deadlineMs?: number } = {}): Promise<{ completed: number; aborted: number }> {
    refuseUnknownKeys("drain", options, ["deadlineMs"]);
    const deadlineMs = positiveNumber("deadlineMs", options.deadlineMs ?? 5_000);
    this.#drained ??= this.#drain(deadlineMs);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #listen(): Promise<void> {
    const { host, path, limits } = this.#settings;
    const listener = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      highWaterMark: limits.maxQueuedReplyBytes,
    });
    const where: ListenOptions = path === undefined ? { host, port: this.port } : { path };
    try {
      await listen(listener, where).catch(async (error: unknown) => {
        if (path === undefined || !(await isLeftOver(path, error))) throw error;
        unlinkSync(path);
        await listen(listener, where);
      });
    } catch (error) {
      this.#listening = undefined;
      throw new ListenError(this.url, error);
    }
    // It may have been suspended, or drained, since it was asked for.
    if (this.#isSuspended) {
      listener.close();
      return;
    }
    // The system could not accept, usually for want of file descriptors. Those that stand are served on.
    listener.on("error", () => (this.#acceptErrors += 1));
    listener.on("connection", (socket) => this.#accept(socket));
    this.#listener = listener;
    const address = listener.address();
    if (address !== null && typeof address === "object") {
      this.port = address.port;
      this.url = urlOf(host, address.port);
      this.#host.url = this.url;
    }
  }

  #accept(socket: Socket): void {
    const { limits, isLoopbackExempt } = this.#settings;
    const address = plainAddress(socket.remoteAddress ?? "");
    const group = addressGroup(address);
    const handshakeCount = this.#tls?.count ?? 0;

    if (this.#connections.size >= limits.maxConnections) return this.#refuse(socket, address, "connections");
    if (handshakeCount >= limits.maxHandshakes) return this.#refuse(socket, address, "handshakes");
    // Unix sockets have no address; whoever may open the file is trusted as much as this machine.
    const isCounted = address !== "" && !(isLoopbackExempt && isLoopback(address));
    if (isCounted) {
      const count = this.#perAddress.get(group) ?? 0;
      if (count >= limits.maxConnectionsPerAddress) return this.#refuse(socket, address, "connections-per-address");
      this.#perAddress.set(group, count + 1);
      // On every way out, also out of the handshake, the socket closes once.
      socket.once("close", () => this.#leaveGroup(group));
    }

    if (this.#tls === undefined) return this.#open(socket);
    this.#tls.start(socket, {
      secured: (secure) => this.#open(secure, secure),
      failed: (reason, error) => this.#report(address, reason, error),
    });
  }

  #open(socket: Socket, tls?: TLSSocket): void {
    // While the handshake ran, others may have taken the place, or the server may have begun to drain.
    if (this.#drained !== undefined) {
      socket.on("error", ignore).destroy();
      return;
    }
    const peer = peerOf(socket, tls);
    if (this.#connections.size >= this.#settings.limits.maxConnections) {
      return this.#refuse(socket, peer.address, "connections");
    }
    this.#accepted += 1;
    let state: State;
    try {
      state = this.#host.options.openState?.(peer) as State;
    } catch {
      this.#host.counts.handlerErrors += 1;
      this.#closed["handler-failed"] += 1;
      socket.on("error", ignore).destroy();
      return;
    }
    this.#connections.add(new ServerConnection(this.#host, socket, peer, state));
  }

  #refuse(socket: Socket, address: string, reason: RefusalReason): void {
    socket.on("error", ignore).destroy();
    this.#report(address, reason);
  }

  #report(address: string, reason: RefusalReason, error?: Error): void {
    this.#refused[reason] += 1;
    if (connectionRefuse.hasSubscribers) connectionRefuse.publish({ server: this.url, address, reason, error });
  }

  #leaveGroup(group: string): void {
    const count = this.#perAddress.get(group) ?? 0;
    if (count <= 1) this.#perAddress.delete(group);
    else this.#perAddress.set(group, count - 1);
  }

  #forget(connection: ServerConnection<Request, Reply, State>, reason: CloseReason): void {
    this.#closed[reason] += 1;
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  /** Who holds the most goes: pausing everybody instead would leave nobody to make room. */
  #shed(): void {
    while (this.#host.counts.bufferedBytes > this.#settings.limits.maxBufferedBytes) {
      let largest: ServerConnection<Request, Reply, State> | undefined;
      for (const connection of this.#connections) {
        if (largest === undefined || connection.heldBytes > largest.heldBytes) largest = connection;
      }
      if (largest === undefined) return;
      largest.destroy("server-buffer-limit");
    }
  }

  async #drain(deadlineMs: number): Promise<{ completed: number; aborted: number }> {
    const listener = this.#listener;
    const isClosed = listener === undefined ? undefined : once(listener, "close");
    this.suspend();
    this.#tls?.destroyAll();
    const inFlight = this.#host.counts.inFlight;
    let aborted = 0;
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const connection of this.#connections) {
            aborted += connection.inFlightCount;
            connection.destroy("drained");
          }
        }, deadlineMs);
        this.#whenEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
        for (const connection of this.#connections) connection.end("drained");
      });
    }
    await isClosed;
    return { completed: inFlight - aborted, aborted };
  }
}

async function listen(server: Server, where: ListenOptions): Promise<void> {
  server.listen(where);
  await once(server, "listening");
}

/** A file of a unix socket outlives a server that was killed; nobody answers there then. */
async function isLeftOver(path: string, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return false;
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return false;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === "ECONNREFUSED";
  } finally {
    socket.destroy();
  }
}

function ignore(): void {
  // It was turned away; what becomes of it is nobody's concern, but an unheard error would end the process.
}
