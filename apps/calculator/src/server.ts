import { lines } from "@tallyline/framing";
import { createTcpServer, type TcpServer } from "@tallyline/tcp";
import { createUdpServer, type UdpServer } from "@tallyline/udp";
import { createAnswer } from "./answer.ts";
import type { Language } from "./language.ts";

/** What a calculator server listens on, and the language that it answers. */
export interface CalculatorServerOptions extends Language {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** UDP port, 0 for a free one. Default 65432. */
  readonly port?: number;
  /** TCP port for answers that are too long for a datagram, 0 for a free one. Default 65433. */
  readonly tcpPort?: number;
}

/** A calculator: a datagram is an expression, its reply the answer; over TCP a line is. */
export interface CalculatorServer extends AsyncDisposable {
  readonly udp: UdpServer;
  readonly tcp: TcpServer;
}

/** The longest expression over TCP, in bytes of its line. */
const MAX_LINE_BYTES = 8192;

/**
 * Starts a calculator server.
 * @throws ListenError when a port is taken or may not be used; TypeError for a language that does not exist.
 */
export async function createCalculatorServer(options: CalculatorServerOptions = {}): Promise<CalculatorServer> {
  const { host = "127.0.0.1", port = 65432, tcpPort = 65433, ...language } = options;
  const answer = createAnswer(language);
  const udp = await createUdpServer({
    host,
    port,
    handler: (datagram, { header }) => {
      const text = textOf(datagram);
      // Without a header nothing says which way a datagram goes. Two calculators that one forged datagram introduces to
      // each other would answer each other's answers for ever.
      if (!header && text !== undefined && isAnswer(text)) return undefined;
      return text === undefined ? "Error: the expression is not UTF-8 text" : answer(text);
    },
    plainTooLarge: new TextEncoder().encode("Error: too long for a datagram; ask over TCP"),
  });
  try {
    const tcp = await createTcpServer<string, string>({
      codec: lines({ maxLineBytes: MAX_LINE_BYTES }),
      host,
      port: tcpPort,
      handler: answer,
      onBadFrame: (error) => `Error: ${error.message}`,
    });
    return { udp, tcp, [Symbol.asyncDispose]: async () => void (await Promise.all([udp.drain(), tcp.drain()])) };
  } catch (error) {
    await udp.drain();
    throw error;
  }
}

function isAnswer(text: string): boolean {
  return text.startsWith("Result: ") || text.startsWith("Error: ");
}

/** A line ending at the end of a datagram is what a line-oriented tool adds, not a part of the expression. */
function textOf(datagram: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(datagram);
    return text.endsWith("\n") ? text.replace(/\r?\n$/, "") : text;
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });
