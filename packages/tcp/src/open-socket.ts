import { connect, type Socket } from "node:net";
import { afterPoll } from "./after-poll.ts";
import { reasonOf, TransportError } from "./errors.ts";
import { nodeTls } from "./node-tls.ts";
import { portNumber, refuseUnknownKeys } from "./options.ts";
import { urlOf } from "./peer.ts";

/** Where a server is: a host and a port, or the path of a unix socket. */
export interface TcpTarget {
  /** Name or address. Default 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  /** TLS 1.3 instead of plain TCP. */
  readonly tls?: TlsClientOptions;
}

/** TLS of a client. The server's certificate is always checked. */
export interface TlsClientOptions {
  /** Authorities in PEM that the server's certificate must come from. Default: those that the system trusts. */
  readonly ca?: string | Buffer;
  /** The client's own certificate and its key in PEM, where the server asks for one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name that the certificate must be for. Default: the host. */
  readonly serverName?: string;
  /** The protocol's name for ALPN; the connection fails unless the server agrees. */
  readonly alpn?: string;
}

/** A target that was checked. */
export interface CheckedTarget extends TcpTarget {
  readonly url: string;
}

export function checkedTarget({ host = "127.0.0.1", port, path, tls }: TcpTarget): CheckedTarget {
  if (tls !== undefined) refuseUnknownKeys("tls", tls, ["ca", "cert", "key", "serverName", "alpn"]);
  const secure = tls !== undefined && { tls };
  if (path !== undefined) {
    if (port !== undefined) throw new TypeError("a target is a path, or a host and a port, not both");
    if (tls !== undefined) throw new TypeError("TLS needs a host and a port; a unix socket has no use for it");
    return { path, url: `unix:${path}` };
  }
  if (port === undefined) throw new TypeError("a target needs a port, or a path");
  return { host, port: portNumber("port", port, 1), ...secure, url: urlOf(host, port) };
}

/** How opening a socket ended; exactly one is called, and none after `cancel`. */
export interface OpenOutcome {
  opened(socket: Socket): void;
  failed(error: TransportError): void;
}

/** Connects, with the TLS handshake where there is one, within its time. @returns what gives it up. */
export function openSocket(target: CheckedTarget, connectMs: number, outcome: OpenOutcome): () => void {
  const { url, tls } = target;
  const socket = tls === undefined ? connectPlain(target) : connectSecure(target, tls);
  let isOver = false;
  const timer = setTimeout(() => afterPoll(giveUp), connectMs);

  function giveUp(): void {
    if (isOver) return;
    fail(new TransportError("CONNECT_TIMEOUT", "not-sent", `${url} did not accept within ${connectMs} ms`));
  }

  function onOpen(): void {
    stop();
    const agreed = tls?.alpn === undefined || ("alpnProtocol" in socket && socket.alpnProtocol === tls.alpn);
    if (agreed) return outcome.opened(socket);
    fail(new TransportError("CONNECT_FAILED", "not-sent", `${url} does not speak ${tls?.alpn}`));
  }
  function onError(error: Error): void {
    fail(
      new TransportError("CONNECT_FAILED", "not-sent", `no connection to ${url}: ${reasonOf(error)}`, { cause: error }),
    );
  }
  function onClose(): void {
    fail(new TransportError("CONNECT_FAILED", "not-sent", `no connection to ${url}: it was closed at once`));
  }
  function stop(): void {
    isOver = true;
    clearTimeout(timer);
    socket.off(openEvent, onOpen).off("error", onError).off("close", onClose);
  }
  function fail(error: TransportError): void {
    cancel();
    outcome.failed(error);
  }
  function cancel(): void {
    stop();
    // Destroying a socket that is being connected may still report an error.
    socket.on("error", ignore).destroy();
  }

  const openEvent = tls === undefined ? "connect" : "secureConnect";
  socket.on(openEvent, onOpen).on("error", onError).on("close", onClose);
  return cancel;
}

function connectPlain({ host, port, path }: CheckedTarget): Socket {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
  return path === undefined ? connect({ ...options, host: host!, port: port! }) : connect({ ...options, path });
}

function connectSecure(target: CheckedTarget, { serverName, alpn, ...tls }: TlsClientOptions): Socket {
  return nodeTls().connect({
    ...tls,
    socket: connectPlain(target),
    host: target.host!,
    minVersion: "TLSv1.3",
    rejectUnauthorized: true,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
  });
}

function ignore(): void {
  // It was given up.
}
