/** Where a datagram came from. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
  /** `udp://127.0.0.1:50000`; an IPv6 address stands in brackets. */
  readonly url: string;
}

/** A peer as the exchanges of `@tallyline/request-reply` see it. One is made for each datagram, so it computes little. */
export class Peer implements UdpPeer {
  readonly address: string;
  readonly port: number;
  readonly isValidated: boolean;
  readonly isPlainIgnored: boolean;

  /** @param ownPort The port of the server that received the datagram. */
  constructor(address: string, port: number, ownPort: number) {
    this.address = address;
    this.port = port;
    this.isValidated = isLoopback(address);
    // Below 1024 sit services (echo 7, chargen 19, DNS 53, …) and on our own port number servers like us: whoever forges
    // such a source wants the two of us to answer each other for ever.
    this.isPlainIgnored = port < 1024 || port === ownPort;
  }

  get key(): string {
    return `${this.address}:${this.port}`;
  }

  get url(): string {
    return urlOf(this.address, this.port);
  }
}

/** `udp://127.0.0.1:65432`, `udp://[::1]:65432`. */
export function urlOf(host: string, port: number): string {
  return `udp://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Datagrams from a loopback address come from this machine: nobody outside can forge them. */
function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || address.startsWith("::ffff:127.");
}
