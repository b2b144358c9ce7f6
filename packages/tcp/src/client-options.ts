import type { Codec } from "@tallyline/framing";
import type { StreamCallId } from "@tallyline/request-reply";
import { checkedTarget, type CheckedTarget, type TcpTarget } from "./open-socket.ts";
import { positiveNumbers, refuseUnknownKeys } from "./options.ts";

/** What a TCP client is made of. */
export interface TcpClientOptions<Request, Reply> extends TcpTarget {
  /** Cuts replies out of the stream and frames requests. */
  readonly codec: Codec<Reply, Request>;
  /** For protocols with ids in their messages, whose replies come in any order. By default order pairs them. */
  readonly ids?: {
    /** The id in a request; no two that wait may have the same. */
    readonly ofRequest: (request: Request) => StreamCallId;
    /** The id of the request that a reply answers. */
    readonly ofReply: (reply: Reply) => StreamCallId;
  };
  readonly limits?: TcpClientLimits;
  readonly timeouts?: TcpClientTimeouts;
}

/** Bounds of a client. Each is at least 1; docs/limits.md says what happens when one is reached. */
export interface TcpClientLimits {
  /** Calls sent and not answered. Default 64. */
  readonly maxInFlight?: number;
  /** Calls not sent yet. Default 1024; one more fails with QUEUE_FULL. */
  readonly maxWaiting?: number;
  /** Bytes of calls not sent yet. Default 1 MiB; then QUEUE_FULL. */
  readonly maxWaitingBytes?: number;
  /** Times that an idempotent call is sent in all, when connections are lost under it. Default 3. */
  readonly maxAttempts?: number;
}

/** Times of a client, in milliseconds, all finite. */
export interface TcpClientTimeouts {
  /** For connecting, with the TLS handshake. Default 5000. */
  readonly connectMs?: number;
  /** For a whole call, waiting and connecting included, where the call does not say. Default 10,000. */
  readonly deadlineMs?: number;
  /** Without a call, before the connection is closed. Default 60,000: before the server closes it under a call. */
  readonly idleMs?: number;
  /** Longest pause before the first attempt to connect after a failure; doubles with each. Default 100. */
  readonly minReconnectMs?: number;
  /** Longest pause before any attempt. Default 10,000. */
  readonly maxReconnectMs?: number;
}

/** Options with their defaults, checked. */
export interface ClientSettings {
  readonly target: CheckedTarget;
  readonly limits: Required<TcpClientLimits>;
  readonly timeouts: Required<TcpClientTimeouts>;
}

export function clientSettings<Request, Reply>(options: TcpClientOptions<Request, Reply>): ClientSettings {
  refuseUnknownKeys("createTcpClient", options, KNOWN);
  if (options.ids !== undefined) refuseUnknownKeys("ids", options.ids, ["ofRequest", "ofReply"]);
  const timeouts = positiveNumbers("timeouts", DEFAULT_TIMEOUTS, options.timeouts);
  if (timeouts.minReconnectMs > timeouts.maxReconnectMs) {
    throw new RangeError(
      `timeouts.minReconnectMs is ${timeouts.minReconnectMs}, must be at most maxReconnectMs (${timeouts.maxReconnectMs})`,
    );
  }
  const { host, port, path, tls } = options;
  return {
    target: checkedTarget({
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...(path !== undefined && { path }),
      ...(tls !== undefined && { tls }),
    }),
    limits: positiveNumbers("limits", DEFAULT_LIMITS, options.limits),
    timeouts,
  };
}

const KNOWN = ["codec", "host", "port", "path", "tls", "ids", "limits", "timeouts"];

const DEFAULT_LIMITS = { maxInFlight: 64, maxWaiting: 1024, maxWaitingBytes: 2 ** 20, maxAttempts: 3 };

const DEFAULT_TIMEOUTS = {
  connectMs: 5_000,
  deadlineMs: 10_000,
  idleMs: 60_000,
  minReconnectMs: 100,
  maxReconnectMs: 10_000,
};
