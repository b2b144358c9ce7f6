import { connectTcp, type TcpConnection, type TcpServer } from "@tallyline/tcp";

/** The other side of a test: a client that speaks lines, or anything else. */
export interface LinePeer extends AsyncDisposable {
  readonly connection: TcpConnection;
  send(text: string): void;
  /** The next line, or undefined when the server has ended its side. Waits at most two seconds. */
  line(): Promise<string | undefined>;
}

export async function linePeer(server: Pick<TcpServer, "port">): Promise<LinePeer> {
  const connection = await connectTcp({ port: server.port });
  let received = "";
  return {
    connection,
    send: (text) => void connection.write(bytesOf(text)),
    async line() {
      while (!received.includes("\n")) {
        const bytes = await connection.read({ deadlineMs: 2_000 });
        if (bytes === undefined) return undefined;
        received += Buffer.from(bytes).toString();
      }
      const end = received.indexOf("\n");
      const line = received.slice(0, end);
      received = received.slice(end + 1);
      return line;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function upperCase(line: string): string {
  return line.toUpperCase();
}
