import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** The other end of a connection. */
export interface TcpPeer {
  /** IP address; IPv4 also where the system shows it mapped into IPv6. Empty for a unix socket. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** `tcp://192.0.2.1:50000`, with brackets around IPv6, or `unix:`. */
  readonly url: string;
  /** What TLS knows of the peer; undefined on a plain connection. */
  readonly tls: TlsPeer | undefined;
}

/** What the TLS handshake established. */
export interface TlsPeer {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** The application protocol agreed on by ALPN. */
  readonly alpn: string | undefined;
  /** The certificate was asked for, came, and is good. */
  readonly isAuthorized: boolean;
  /** Common name of the certificate's subject. */
  readonly commonName: string | undefined;
  /** SHA-256 fingerprint of the certificate, as hexadecimal pairs with colons. */
  readonly fingerprint256: string | undefined;
}

export function peerOf(socket: Socket, tls?: TLSSocket): TcpPeer {
  const address = plainAddress(socket.remoteAddress ?? "");
  return new Peer(address, socket.remotePort ?? 0, tls === undefined ? undefined : tlsPeerOf(tls));
}

class Peer implements TcpPeer {
  readonly address: string;
  readonly port: number;
  readonly tls: TlsPeer | undefined;

  constructor(address: string, port: number, tls: TlsPeer | undefined) {
    this.address = address;
    this.port = port;
    this.tls = tls;
  }

  get url(): string {
    return this.address === "" ? "unix:" : urlOf(this.address, this.port);
  }
}

export function urlOf(host: string, port: number): string {
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** `::ffff:192.0.2.1` is how a dual-stack socket shows the IPv4 address 192.0.2.1. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** What a limit per address counts by. One subscriber of IPv6 has a /64, 2^64 addresses to connect from. */
export function addressGroup(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${all.slice(0, 4).join(":")}::/64`;
}

function tlsPeerOf(socket: TLSSocket): TlsPeer {
  const certificate = socket.getPeerCertificate();
  const commonName = certificate.subject?.CN;
  return {
    protocol: socket.getProtocol() ?? "",
    alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? undefined : socket.alpnProtocol,
    isAuthorized: socket.authorized,
    commonName: Array.isArray(commonName) ? commonName[0] : commonName,
    fingerprint256: certificate.fingerprint256,
  };
}
