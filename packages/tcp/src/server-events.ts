import { type Channel, channel } from "node:diagnostics_channel";
import type { TcpPeer } from "./peer.ts";

/** Why a server's connection ended. */
export type CloseReason =
  /** The peer ended its side, and everything was answered. */
  | "peer-ended"
  /** The handler asked for it. */
  | "handler-closed"
  /** The handler threw, rejected, or returned what cannot be framed. */
  | "handler-failed"
  | "handler-timeout"
  /** A frame that is no message, and no onBadFrame to answer it. */
  | "bad-frame"
  | "frame-timeout"
  | "idle-timeout"
  | "write-timeout"
  | "buffer-limit"
  /** The connection that held the most when all together held too much. */
  | "server-buffer-limit"
  | "other-protocol"
  | "drained"
  /** The connection broke. */
  | "error";

/** Why a connection was turned away. */
export type RefusalReason =
  | "connections"
  | "connections-per-address"
  | "handshakes"
  | "handshake-failed"
  /** What came on a TLS port is not TLS: plain text, or HTTP. */
  | "not-tls"
  | "handshake-timeout";

/** Published on `tallyline.tcp.connection.open` and, with a reason, on `tallyline.tcp.connection.close`. */
export interface ConnectionMessage {
  /** Counts the connections of the process, from 1. */
  readonly connection: number;
  readonly server: string;
  readonly peer: TcpPeer;
  /** Only on close. */
  readonly reason?: CloseReason;
  /** What broke: an error of the socket, or the handler's. */
  readonly error?: unknown;
}

/** Published on `tallyline.tcp.request.start` and `.end`, in pairs also when the connection dies. */
export interface RequestMessage {
  readonly connection: number;
  /** Counts the requests of the connection, from 1. */
  readonly request: number;
}

/** Published on `tallyline.tcp.connection.refuse`. */
export interface RefusalMessage {
  readonly server: string;
  readonly address: string;
  readonly reason: RefusalReason;
  readonly error?: unknown;
}

// Asking whether anyone listens costs a few nanoseconds; messages are made only then.
export const connectionOpen: Channel = channel("tallyline.tcp.connection.open");
export const connectionClose: Channel = channel("tallyline.tcp.connection.close");
export const connectionRefuse: Channel = channel("tallyline.tcp.connection.refuse");
export const requestStart: Channel = channel("tallyline.tcp.request.start");
export const requestEnd: Channel = channel("tallyline.tcp.request.end");
