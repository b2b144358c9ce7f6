/** The address could not be bound. The message names it: "udp://127.0.0.1:65432 is already in use". */
export class ListenError extends Error {
  override readonly name = "ListenError";
  /** The operating system's code: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND`, … */
  readonly code: string;
  readonly url: string;

  constructor(url: string, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? "UNKNOWN";
    super(`${url} ${listenFailures[code] ?? `cannot be listened on: ${cause.message}`}`, { cause });
    this.code = code;
    this.url = url;
  }
}

const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: "is already in use",
  EACCES: "may not be used by this user",
  EADDRNOTAVAIL: "is not an address of this machine",
  ENOTFOUND: "names no known host",
};

/** Why a call failed. `delivery` says whether the request may have been executed; see {@link TransportError}. */
export type TransportErrorCode =
  /** No reply by the deadline. */
  | "DEADLINE_EXCEEDED"
  /** The caller's signal was aborted; its reason is the `cause`. */
  | "ABORTED"
  /** The client was closed. */
  | "CLOSED"
  /** The host's name has no address. */
  | "HOST_NOT_FOUND"
  /** The peer's machine says that nobody listens there. */
  | "PEER_UNREACHABLE"
  /** Too many calls wait for their turn. */
  | "QUEUE_FULL"
  /** The request does not fit: the client's limit (`not-sent`) or the server's (`rejected`). */
  | "MESSAGE_TOO_LARGE"
  /** The server runs as many requests as it may. */
  | "PEER_BUSY"
  /** The server is about to stop. */
  | "PEER_DRAINING"
  /** The server's handler failed. */
  | "PEER_FAILED"
  /** A repeated request that the server may have run before and forgotten. */
  | "PEER_FORGOT";

/** A call that got no usable reply. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: TransportErrorCode;
  /**
   * May the request have been executed? `not-sent`: no, it never left. `rejected`: no, the server said so.
   * `unknown`: perhaps. `answered`: the server ran it, and the answer is of no use.
   */
  readonly delivery: "not-sent" | "unknown" | "rejected" | "answered";

  constructor(code: TransportErrorCode, delivery: TransportError["delivery"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.delivery = delivery;
  }
}
