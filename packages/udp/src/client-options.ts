import { datagramBytesMax, onlyKnown, portNumber, positiveNumbers } from "./options.ts";
import { firstAddress, type Target } from "./target.ts";

/** How one call is made. */
export interface UdpRequestOptions {
  /** Time for the whole call: waiting for its turn, every copy, the reply. Default 10,000. */
  readonly deadlineMs?: number;
  /** Gives the call up when aborted. */
  readonly signal?: AbortSignal;
  /** Running the request twice does no harm. Default false. */
  readonly idempotent?: boolean;
  /** False sends a bare datagram, from a socket of its own; the next datagram from the peer is the reply. Sent again on silence only if it is idempotent. Default true. */
  readonly header?: boolean;
}

/** What a UDP client is made of. */
export interface UdpClientOptions {
  /** An IP address, or a name: resolved when the client is created, and again after a call has heard nothing. */
  readonly host: string;
  readonly port: number;
  /** Resolves a name to an IP address. Default: `lookup` of `node:dns`. */
  readonly lookup?: (host: string) => Promise<string>;
  readonly limits?: UdpClientLimits;
  readonly timeouts?: UdpClientTimeouts;
}

/** See docs/limits.md for the reasons and for what happens at each limit. */
export interface UdpClientLimits {
  /** Longest datagram sent, header included (up to 80 bytes). Default 1,232, highest 65,507. */
  readonly maxRequestBytes?: number;
  /** Calls on the wire at a time, 1 until the peer has first answered. Default 4. */
  readonly maxOutstanding?: number;
  /** Calls waiting for their turn. Default 1,024. */
  readonly maxQueued?: number;
  /** Bare calls at a time; each has its own socket. Default 16. */
  readonly maxBareCalls?: number;
  /** Times that a call is sent again on silence. Default 6. */
  readonly maxRetransmits?: number;
  /** Reports in a row that nobody listens before calls fail with `PEER_UNREACHABLE`. Default 3. */
  readonly maxUnreachable?: number;
}

/** Times of a client, in milliseconds. */
export interface UdpClientTimeouts {
  /** Wait for a reply before the first round trip is known. Default 1,000. */
  readonly initialRetransmitMs?: number;
  /** Shortest wait for a reply. Default 200. */
  readonly minRetransmitMs?: number;
  /** Longest wait for a reply before another copy is sent. Default 10,000. */
  readonly maxRetransmitMs?: number;
}

/** The options with defaults filled in. */
export interface ClientSettings {
  readonly target: Target;
  readonly limits: Required<UdpClientLimits>;
  readonly timeouts: Required<UdpClientTimeouts>;
}

/** Throws on options that make no sense. */
export function readClientOptions(options: UdpClientOptions): ClientSettings {
  onlyKnown("createUdpClient", ["host", "port", "lookup", "limits", "timeouts"], options);
  const { host, port, lookup = firstAddress } = options;
  const limits = positiveNumbers("limits", defaultLimits, options.limits);
  if (limits.maxRequestBytes > datagramBytesMax) {
    throw new RangeError(
      `limits.maxRequestBytes is ${limits.maxRequestBytes}, UDP carries at most ${datagramBytesMax}`,
    );
  }
  const timeouts = positiveNumbers("timeouts", defaultTimeouts, options.timeouts);
  return { target: { host, port: portNumber("port", port, 1), lookup }, limits, timeouts };
}

const defaultLimits = {
  maxRequestBytes: 1232,
  maxOutstanding: 4,
  maxQueued: 1024,
  maxBareCalls: 16,
  maxRetransmits: 6,
  maxUnreachable: 3,
};
const defaultTimeouts = { initialRetransmitMs: 1000, minRetransmitMs: 200, maxRetransmitMs: 10_000 };
