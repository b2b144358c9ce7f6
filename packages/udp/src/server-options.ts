import { datagramBytesMax, onlyKnown, portNumber, positiveNumbers } from "./options.ts";
import type { UdpPeer } from "./peer.ts";

/** What a handler is told about a request. */
export interface UdpRequestContext {
  readonly peer: UdpPeer;
  /** Aborted when nobody waits for the reply any longer: the handler's time is over, or the server has stopped. */
  readonly signal: AbortSignal;
  /** The request came with a header: it is one of a call that survives loss. */
  readonly header: boolean;
}

/** Bytes, or a text that is sent as UTF-8; undefined sends nothing. */
export type HandlerReply = Uint8Array | string | undefined;

/** What a UDP server is made of. */
export interface UdpServerOptions {
  /**
   * Gives the reply to a request: bytes, or a text that is sent as UTF-8; undefined sends nothing. The request is the handler's to keep; the
   * reply is not to be changed afterwards. If it throws, the caller is told so (`PEER_FAILED`) and a plain datagram gets no answer.
   */
  readonly handler: (request: Uint8Array, context: UdpRequestContext) => HandlerReply | Promise<HandlerReply>;
  /** `calls`: request-reply headers are understood, and datagrams without one still answered. `plain`: every datagram goes to the handler as it is. Default `calls`. */
  readonly mode?: "calls" | "plain";
  /** The answer to a plain datagram that is too large, or whose reply is; at most 56 bytes. Default, in mode `calls` only: a text that begins with "Error: ". */
  readonly plainTooLarge?: Uint8Array;
  /** A name or an IP address. Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Loopback addresses have no rate limit. Default true. */
  readonly exemptLoopback?: boolean;
  readonly limits?: UdpServerLimits;
  readonly timeouts?: UdpServerTimeouts;
}

/** See docs/limits.md for the reasons and for what happens at each limit. */
export interface UdpServerLimits {
  /** Longest datagram accepted, header included. Default 1,232, highest 65,507. */
  readonly maxRequestBytes?: number;
  /** Longest datagram sent, header included. Default 1,232, highest 65,507. */
  readonly maxReplyBytes?: number;
  /** Requests running at a time. Default 1,024. */
  readonly maxInFlight?: number;
  /** Requests remembered, so that a copy is not run again. Default 10,000. */
  readonly maxExchanges?: number;
  /** Bytes of replies remembered. Default 16 MiB. */
  readonly maxExchangeBytes?: number;
  /** Receive buffer asked of the kernel, which may give less (see `stats()`). Default 1 MiB. */
  readonly recvBufferBytes?: number;
  /** Datagrams per second from one address (IPv6: from one /64) in the long run. Default 1,000. */
  readonly maxRatePerAddress?: number;
  /** Datagrams from one address at once. Default 2,000. */
  readonly maxBurstPerAddress?: number;
  /** Addresses whose rates are remembered. Default 10,000. */
  readonly maxAddresses?: number;
}

/** Times of a server, in milliseconds. */
export interface UdpServerTimeouts {
  /** How long a completed request is remembered. Default 60,000. */
  readonly exchangeLifetimeMs?: number;
  /** How late a datagram may arrive. Default 1,000. */
  readonly networkDelayMs?: number;
  /** How long a key makes cookies. Default 1,800,000. */
  readonly cookieKeyMs?: number;
  /** How long a handler may take. Default 30,000. */
  readonly handlerMs?: number;
  /** Datagrams that may have waited longer in the kernel's buffer are thrown away. Default 200. */
  readonly maxWaitMs?: number;
}

/** The options with defaults filled in. */
export interface ServerSettings {
  readonly handler: UdpServerOptions["handler"];
  readonly mode: "calls" | "plain";
  readonly plainTooLarge: Uint8Array | undefined;
  readonly host: string;
  readonly port: number;
  readonly exemptLoopback: boolean;
  readonly limits: Required<UdpServerLimits>;
  readonly timeouts: Required<UdpServerTimeouts>;
}

/** Throws on options that make no sense. */
export function readServerOptions(options: UdpServerOptions): ServerSettings {
  onlyKnown("createUdpServer", optionNames, options);
  const { handler, mode = "calls", plainTooLarge, host = "127.0.0.1", port = 0, exemptLoopback = true } = options;
  if (typeof handler !== "function") throw new TypeError("handler is not a function");
  const limits = positiveNumbers("limits", defaultLimits, options.limits);
  for (const name of ["maxRequestBytes", "maxReplyBytes"] as const) {
    if (limits[name] > datagramBytesMax) {
      throw new RangeError(`limits.${name} is ${limits[name]}, UDP carries at most ${datagramBytesMax}`);
    }
  }
  const timeouts = positiveNumbers("timeouts", defaultTimeouts, options.timeouts);
  return { handler, mode, plainTooLarge, host, port: portNumber("port", port, 0), exemptLoopback, limits, timeouts };
}

const optionNames = ["handler", "mode", "plainTooLarge", "host", "port", "exemptLoopback", "limits", "timeouts"];
const defaultLimits = {
  maxRequestBytes: 1232,
  maxReplyBytes: 1232,
  maxInFlight: 1024,
  maxExchanges: 10_000,
  maxExchangeBytes: 16_777_216,
  recvBufferBytes: 1_048_576,
  maxRatePerAddress: 1000,
  maxBurstPerAddress: 2000,
  maxAddresses: 10_000,
};
const defaultTimeouts = {
  exchangeLifetimeMs: 60_000,
  networkDelayMs: 1000,
  cookieKeyMs: 1_800_000,
  handlerMs: 30_000,
  maxWaitMs: 200,
};
