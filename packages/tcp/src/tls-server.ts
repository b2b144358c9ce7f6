import type { Socket } from "node:net";
import type { SecureContextOptions, Server, TLSSocket } from "node:tls";
import { afterPoll } from "./after-poll.ts";
import { nodeTls } from "./node-tls.ts";
import { refuseUnknownKeys } from "./options.ts";

/** A server's certificate. */
export interface TlsCertificate {
  /** Certificate chain in PEM. */
  readonly cert: string | Buffer;
  /** Its private key in PEM. */
  readonly key: string | Buffer;
  /** Authorities in PEM that clients' certificates must come from. */
  readonly ca?: string | Buffer;
}

/** TLS of a server. The version is 1.3 and nothing older. */
export interface TlsServerOptions extends TlsCertificate {
  /** Turns away clients without a good certificate. Default: true when `ca` is given. */
  readonly requireClientCertificate?: boolean;
  /** The protocol's name for ALPN; clients that offer only other names are turned away. */
  readonly alpn?: string;
}

/** What becomes of a socket that was handed over; exactly one of the two is called. */
interface Handshake {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  readonly secured: (socket: TLSSocket) => void;
  readonly failed: (reason: "handshake-failed" | "handshake-timeout" | "not-tls", error: Error | undefined) => void;
  error: Error | undefined;
  isLate: boolean;
}

/**
 * Makes accepted sockets secure. The TLS server inside never listens: connections are accepted and counted in one place and
 * handed over to it, which its `connection` event is documented to allow.
 */
export class TlsHandshakes {
  readonly #server: Server;
  readonly #ca: string | Buffer | undefined;
  readonly #handshakeMs: number;
  /** By both addresses, which a socket and the TLS socket around it share. */
  readonly #handshakes = new Map<string, Handshake>();

  constructor(options: TlsServerOptions, handshakeMs: number) {
    refuseUnknownKeys("tls", options, ["cert", "key", "ca", "requireClientCertificate", "alpn"]);
    this.#ca = options.ca;
    this.#handshakeMs = handshakeMs;
    const isRequired = options.requireClientCertificate ?? options.ca !== undefined;
    this.#server = nodeTls().createServer({
      ...contextOf(options),
      requestCert: isRequired || options.ca !== undefined,
      rejectUnauthorized: isRequired,
      ...(options.alpn === undefined ? {} : { ALPNProtocols: [options.alpn] }),
    });
    this.#server.on("secureConnection", (socket) => {
      socket.allowHalfOpen = true;
      this.#take(socket)?.secured(socket);
    });
    // Without this listener Node leaves sockets open whose handshake failed.
    this.#server.on("tlsClientError", (error, socket) => {
      const handshake = this.#handshakes.get(keyOf(socket));
      if (handshake !== undefined) handshake.error = error;
      socket.destroy();
    });
  }

  get count(): number {
    return this.#handshakes.size;
  }

  /** Begins the handshake. A socket that fails is destroyed. */
  start(socket: Socket, outcome: Pick<Handshake, "secured" | "failed">): void {
    // Reset before it was accepted, it has no address any more, and no future.
    if (socket.remotePort === undefined) {
      socket.on("error", () => {}).destroy();
      outcome.failed("handshake-failed", undefined);
      return;
    }
    const timeUp = (): void => {
      if (this.#handshakes.get(key) !== handshake) return;
      handshake.isLate = true;
      socket.destroy();
    };
    const timer = setTimeout(() => afterPoll(timeUp), this.#handshakeMs);
    const handshake: Handshake = { ...outcome, socket, timer, error: undefined, isLate: false };
    const key = keyOf(socket);
    this.#handshakes.set(key, handshake);
    socket.on("error", (error) => (handshake.error ??= error));
    socket.on("close", () => {
      if (this.#handshakes.get(key) !== handshake) return;
      this.#handshakes.delete(key);
      clearTimeout(timer);
      const { error, isLate } = handshake;
      handshake.failed(isLate ? "handshake-timeout" : isNotTls(error) ? "not-tls" : "handshake-failed", error);
    });
    // A peer that ends its side within the handshake has nothing more to say; afterwards it may have.
    socket.allowHalfOpen = false;
    this.#server.emit("connection", socket);
  }

  /** Ends what has not finished its handshake. */
  destroyAll(): void {
    for (const { socket } of this.#handshakes.values()) socket.destroy();
  }

  /** Takes effect with the next handshake; connections that stand keep the certificate that they began with. */
  setCertificate(certificate: TlsCertificate): void {
    refuseUnknownKeys("certificate", certificate, ["cert", "key", "ca"]);
    this.#server.setSecureContext(contextOf({ ...(this.#ca !== undefined && { ca: this.#ca }), ...certificate }));
  }

  #take(socket: TLSSocket): Handshake | undefined {
    const key = keyOf(socket);
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined) return undefined;
    this.#handshakes.delete(key);
    clearTimeout(handshake.timer);
    return handshake;
  }
}

/** OpenSSL looks at the first five bytes. Fewer than that, whatever they are, are a handshake that takes too long. */
function isNotTls(error: (Error & { readonly code?: string }) | undefined): boolean {
  return error?.code !== undefined && NOT_TLS.has(error.code);
}

/** HTTP has codes of its own; all else is taken for a record of a version that there never was. */
const NOT_TLS = new Set(["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_HTTP_REQUEST", "ERR_SSL_HTTPS_PROXY_REQUEST"]);

function contextOf({ cert, key, ca }: TlsCertificate): SecureContextOptions {
  return { cert, key, minVersion: "TLSv1.3", ...(ca !== undefined && { ca }) };
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}
