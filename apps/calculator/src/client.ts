import { lines } from "@tallyline/framing";
import { createTcpClient, type TcpClient } from "@tallyline/tcp";
import { createUdpClient, type UdpClient, type UdpClientTimeouts } from "@tallyline/udp";

/** What a calculator client talks to; where nothing is said, a calculator server on this machine. */
export interface CalculatorClientOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** UDP port. Default 65432. */
  readonly port?: number;
  /** TCP port, for answers too long for a datagram. Default 65433. */
  readonly tcpPort?: number;
  /** Time for each answer, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
  /** When a lost datagram is sent again; the defaults suit the internet. */
  readonly timeouts?: UdpClientTimeouts;
}

/** Asks a calculator server. */
export interface CalculatorClient extends AsyncDisposable {
  /**
   * Resolves with the server's answer, `Result: …` or `Error: …`. Lost datagrams are sent again: a calculation may run
   * twice without harm. Rejects with a TransportError when no answer comes within the deadline.
   */
  ask(expression: string): Promise<string>;
  /** Closes the socket; calls that wait reject. */
  close(): Promise<void>;
}

/** An answer may be thousands of digits long; a line of it may be longer than any request. */
const MAX_ANSWER_BYTES = 65_536;

/** A request of this size passes any network in one piece (IPv6's least MTU, less its headers and ours). */
const MAX_DATAGRAM_BYTES = 1152;

/** Creates a client. Its socket is opened with the first question; TCP only when an answer needs it. */
export function createCalculatorClient(options: CalculatorClientOptions = {}): CalculatorClient {
  const { host = "127.0.0.1", port = 65432, tcpPort = 65433, deadlineMs = 10_000, timeouts = {} } = options;
  let opening: Promise<UdpClient> | undefined;
  let tcp: TcpClient<string, string> | undefined;
  let knowsHeaders = true;

  async function ask(expression: string): Promise<string> {
    const request = new TextEncoder().encode(expression);
    if (request.length > MAX_DATAGRAM_BYTES) return askOverTcp(expression);
    opening ??= createUdpClient({ host, port, timeouts });
    const udp = await opening;
    let reply = await udp.request(request, { idempotent: true, deadlineMs, header: knowsHeaders });
    if (knowsHeaders && !reply.header) {
      // A server that reads the datagram as it is took the header for a part of the expression. Ask in its way.
      knowsHeaders = false;
      reply = await udp.request(request, { idempotent: true, deadlineMs, header: false });
    }
    return reply.truncated ? askOverTcp(expression) : new TextDecoder().decode(reply.payload);
  }

  function askOverTcp(expression: string): Promise<string> {
    tcp ??= createTcpClient<string, string>({ codec: lines({ maxLineBytes: MAX_ANSWER_BYTES }), host, port: tcpPort });
    return tcp.request(expression, { idempotent: true, deadlineMs });
  }

  async function close(): Promise<void> {
    const udp = await opening?.catch(() => undefined); // it never opened: there is nothing to close
    await Promise.all([udp?.close(), tcp?.close()]);
  }

  return { ask, close, [Symbol.asyncDispose]: close };
}
