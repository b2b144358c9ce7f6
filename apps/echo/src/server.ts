import { chunks } from "@tallyline/framing";
import { createTcpServer, type TcpServer } from "@tallyline/tcp";
import { createUdpServer, type UdpServer } from "@tallyline/udp";
import { MAX_DATAGRAM_BYTES } from "./datagram-limit.ts";

/** What an echo server listens on. */
export interface EchoServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** One port for TCP and UDP; 0 for one that is free for both. Default 65434. */
  readonly port?: number;
}

/** An echo service (RFC 862) over TCP and over UDP, on one port. */
export interface EchoServer extends AsyncDisposable {
  readonly tcp: TcpServer;
  readonly udp: UdpServer;
}

/** A port that is free for TCP is nearly always free for UDP; with port 0 another one is tried when it is not. */
const FREE_PORT_TRIES = 10;

/**
 * Starts an echo server.
 * @throws ListenError when the port is taken or may not be used.
 */
export async function createEchoServer({
  host = "127.0.0.1",
  port = 65434,
}: EchoServerOptions = {}): Promise<EchoServer> {
  for (let triesLeft = port === 0 ? FREE_PORT_TRIES : 1; ; triesLeft -= 1) {
    const tcp = await createTcpServer<Uint8Array, Uint8Array>({
      codec: chunks(),
      host,
      port,
      handler: (bytes) => bytes,
      releaseRequests: true,
    });
    try {
      const udp = await createUdpEcho(host, tcp.port);
      return { tcp, udp, [Symbol.asyncDispose]: async () => void (await Promise.all([tcp.drain(), udp.drain()])) };
    } catch (error) {
      await tcp.drain();
      if (triesLeft === 1) throw error;
    }
  }
}

/**
 * Returns each datagram as it is. What comes from a port below 1024, or from one of the same number, is dropped by udp:
 * two echo servers that hear of each other by one forged datagram would talk for ever.
 */
function createUdpEcho(host: string, port: number): Promise<UdpServer> {
  const limits = { maxRequestBytes: MAX_DATAGRAM_BYTES, maxReplyBytes: MAX_DATAGRAM_BYTES };
  return createUdpServer({ mode: "plain", host, port, limits, handler: (datagram) => datagram });
}
