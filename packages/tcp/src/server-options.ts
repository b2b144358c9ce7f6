import type { Codec, FrameError } from "@tallyline/framing";
import type { TcpRequestContext } from "./request-context.ts";
import type { TcpPeer } from "./peer.ts";
import { portNumber, positiveNumber, positiveNumbers, refuseUnknownKeys } from "./options.ts";
import type { TlsServerOptions } from "./tls-server.ts";

/** What a TCP server is made of. */
export interface TcpServerOptions<Request, Reply, State = undefined> {
  /** Cuts requests out of the stream and frames replies. */
  readonly codec: Codec<Request, Reply>;
  /**
   * Answers a request; undefined sends nothing. Called in the order of the requests, without waiting for the one before.
   * When it throws or rejects, nobody knows what happened, so the connection ends where the reply would be.
   */
  readonly handler: (
    request: Request,
    context: TcpRequestContext<State>,
  ) => Reply | undefined | Promise<Reply | undefined>;
  /** Makes what a connection remembers, before its first request. */
  readonly openState?: (peer: TcpPeer) => State;
  /** Answers a bad frame after which the stream goes on. By default the connection ends there. */
  readonly onBadFrame?: (error: FrameError, context: TcpRequestContext<State>) => Reply | undefined;
  /**
   * Sent once when an unfinished frame lies still for so long; new bytes arm it again. The bytes stay pending and nothing
   * runs: it is for a person, or for a peer that waits for an answer to a line that it did not end.
   */
  readonly unfinishedFrameHint?: {
    readonly afterMs: number;
    readonly reply: Reply;
    /** Whether a connection is one that may be told. Default: all are. */
    readonly isFor?: (state: State) => boolean;
  };
  /**
   * Order of replies: `request` (the default) for protocols that pair by order, `completion` for those with ids in their
   * messages.
   */
  readonly replyOrder?: "request" | "completion";
  /**
   * Gives the memory of requests that are bytes back as soon as they are answered, instead of leaving it to the garbage collector: an
   * echo of 16 KiB takes a third less processor time. The handler must then keep no part of a request beyond its reply: it is empty
   * afterwards. Default false.
   */
  readonly releaseRequests?: boolean;
  /** Address to listen on. Default 127.0.0.1: a server is reached from elsewhere only when that was decided. */
  readonly host?: string;
  /** Default 0, a free one. */
  readonly port?: number;
  /** Path of a unix socket, instead of host and port. One that is left over from a dead server is replaced. */
  readonly path?: string;
  /** TLS 1.3 instead of plain TCP. */
  readonly tls?: TlsServerOptions;
  /**
   * Refuses a TLS hello, an HTTP request or an SSH banner at the start of a connection, with an answer in that protocol.
   * Otherwise a TLS client waits for ever, and a web page can make a browser send commands. Default: true where frames are
   * text, false where any bytes are right.
   */
  readonly refuseOtherProtocols?: boolean;
  readonly limits?: TcpServerLimits;
  readonly timeouts?: TcpServerTimeouts;
}

/** Bounds of a server. Each is at least 1; docs/limits.md says what happens when one is reached. */
export interface TcpServerLimits {
  /** Default 1024, Ranch's. */
  readonly maxConnections?: number;
  /** Per IPv4 address or IPv6 /64. Default 64. */
  readonly maxConnectionsPerAddress?: number;
  /** Whether connections from this machine are exempt from maxConnectionsPerAddress. Default true. */
  readonly exemptLoopback?: boolean;
  /** Connections in the TLS handshake. Default 256: silent peers cannot use up maxConnections. */
  readonly maxHandshakes?: number;
  /** Requests worked on at once for one connection. Default 64; then its stream is not read. */
  readonly maxInFlightPerConnection?: number;
  /** Requests worked on at once for all. Default 1024. */
  readonly maxInFlight?: number;
  /** Bytes received and not handled plus bytes to be sent, of one connection. Default 1 MiB. */
  readonly maxBufferedBytesPerConnection?: number;
  /** The same of all connections. Default 64 MiB: a thousand times a full reply queue. */
  readonly maxBufferedBytes?: number;
  /** Bytes to be sent above which no further request is taken. Default 64 KiB, Netty's high watermark. */
  readonly maxQueuedReplyBytes?: number;
  /** Frames handled for one connection before the others have their turn. Default 256. */
  readonly maxFramesPerTurn?: number;
}

/** Times of a server, in milliseconds, all finite. */
export interface TcpServerTimeouts {
  /** For the TLS handshake. Default 5000, Ranch's; Node waits 120 s, and then does not close. */
  readonly handshakeMs?: number;
  /** For a frame, from its first byte; more bytes do not extend it. Default 10,000. */
  readonly frameMs?: number;
  /** For the handler. Default 30,000; then the connection ends without a reply. */
  readonly handlerMs?: number;
  /** Without a byte in, a request in flight or a byte to send; up to an eighth more. Default 120,000; longer than a client's. */
  readonly idleMs?: number;
  /** Without a write completing while bytes are to be sent. Default 30,000. */
  readonly writeMs?: number;
  /** After the last reply was sent, for the peer to end its side. Default 1000. */
  readonly lingerMs?: number;
}

type ServerLimits = Required<Omit<TcpServerLimits, "exemptLoopback">>;
type ServerTimeouts = Required<TcpServerTimeouts>;

/** Options with their defaults, checked. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  readonly isLoopbackExempt: boolean;
  readonly refuseOtherProtocols: boolean;
  readonly releaseRequests: boolean;
  readonly replyOrder: "request" | "completion";
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
}

export function serverSettings<Request, Reply, State>(
  options: TcpServerOptions<Request, Reply, State>,
): ServerSettings {
  refuseUnknownKeys("createTcpServer", options, KNOWN);
  if (typeof options.handler !== "function") throw new TypeError("createTcpServer needs a handler");
  if (options.path !== undefined && (options.host !== undefined || options.port !== undefined)) {
    throw new TypeError("createTcpServer takes a path, or a host and a port, not both");
  }
  const replyOrder = options.replyOrder ?? "request";
  if (replyOrder !== "request" && replyOrder !== "completion") {
    throw new TypeError(`replyOrder is ${String(replyOrder)}, must be request or completion`);
  }
  if (options.unfinishedFrameHint !== undefined) {
    refuseUnknownKeys("unfinishedFrameHint", options.unfinishedFrameHint, ["afterMs", "reply", "isFor"]);
    positiveNumber("unfinishedFrameHint.afterMs", options.unfinishedFrameHint.afterMs);
  }
  const { exemptLoopback = true, ...limits } = options.limits ?? {};
  return {
    host: options.host ?? "127.0.0.1",
    port: portNumber("port", options.port ?? 0, 0),
    path: options.path,
    isLoopbackExempt: exemptLoopback,
    refuseOtherProtocols: options.refuseOtherProtocols ?? options.codec.encodeText !== undefined,
    releaseRequests: options.releaseRequests ?? false,
    replyOrder,
    limits: positiveNumbers("limits", DEFAULT_LIMITS, limits),
    timeouts: positiveNumbers("timeouts", DEFAULT_TIMEOUTS, options.timeouts),
  };
}

const KNOWN: readonly (keyof TcpServerOptions<never, never, never>)[] = [
  "codec",
  "handler",
  "openState",
  "onBadFrame",
  "unfinishedFrameHint",
  "replyOrder",
  "releaseRequests",
  "host",
  "port",
  "path",
  "tls",
  "refuseOtherProtocols",
  "limits",
  "timeouts",
];

const DEFAULT_LIMITS: ServerLimits = {
  maxConnections: 1024,
  maxConnectionsPerAddress: 64,
  maxHandshakes: 256,
  maxInFlightPerConnection: 64,
  maxInFlight: 1024,
  maxBufferedBytesPerConnection: 2 ** 20,
  maxBufferedBytes: 2 ** 26,
  maxQueuedReplyBytes: 2 ** 16,
  maxFramesPerTurn: 256,
};

const DEFAULT_TIMEOUTS: ServerTimeouts = {
  handshakeMs: 5_000,
  frameMs: 10_000,
  handlerMs: 30_000,
  idleMs: 120_000,
  writeMs: 30_000,
  lingerMs: 1_000,
};
