import type { Delivery } from "@tallyline/request-reply";

/**
 * A server cannot listen where it was told to. `code` is the system's: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
 * `ENOTFOUND`, …
 */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  /** The address, such as `tcp://127.0.0.1:65432`. */
  readonly url: string;

  constructor(url: string, cause: unknown) {
    const code = codeOf(cause);
    super(`${url} ${LISTEN_REASONS[code] ?? `cannot be listened on (${code})`}`, { cause });
    this.code = code;
    this.url = url;
  }
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is already in use",
  EACCES: "may not be used by this user",
  EADDRNOTAVAIL: "is not an address of this machine",
  ENOTFOUND: "is not a name that resolves",
};

/** A call or a connection failed. Its `delivery` says whether the request may have been executed. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: TransportErrorCode;
  /**
   * `not-sent`: no, it never left. `unknown`: perhaps. `answered`: the peer answered, and the answer is of no use.
   * `rejected`: no, the peer said so.
   */
  readonly delivery: Delivery;

  constructor(code: TransportErrorCode, delivery: Delivery, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.delivery = delivery;
  }
}

/**
 * - `ABORTED`: the caller's signal; `cause` is its reason.
 * - `BAD_REPLY`: a reply came that cannot be read.
 * - `CLIENT_CLOSED`: the client, or the connection, was closed on this side.
 * - `CONNECT_FAILED`: no connection could be made.
 * - `CONNECT_TIMEOUT`: nor refused within its time.
 * - `CONNECTION_CLOSED`: the connection ended or failed.
 * - `DEADLINE_EXCEEDED`: no reply within the deadline.
 * - `ENCODE_FAILED`: the request cannot be framed; `cause` says why.
 * - `QUEUE_FULL`: more calls wait than the limits allow.
 * - `UNSOLICITED_REPLY`: the peer answers what was not asked, so its other answers cannot be trusted either.
 */
export type TransportErrorCode =
  | "ABORTED"
  | "BAD_REPLY"
  | "CLIENT_CLOSED"
  | "CONNECT_FAILED"
  | "CONNECT_TIMEOUT"
  | "CONNECTION_CLOSED"
  | "DEADLINE_EXCEEDED"
  | "ENCODE_FAILED"
  | "QUEUE_FULL"
  | "UNSOLICITED_REPLY";

/** What the system says, in words; a dual-stack failure has an empty message and hides its reasons inside. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
}
