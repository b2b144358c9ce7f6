import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { StreamResetError, type ByteStream } from "./byte-stream.ts";
import type { After } from "./virtual-clock.ts";

/** Real time, for the conformance suites. */
export const realTime: After = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
};

/** Connects to a TCP server and gives the socket as a stream. Rejects as `net.connect` fails. */
export async function connectStream(target: { readonly host?: string; readonly port: number }): Promise<ByteStream> {
  const socket = connect({ host: target.host ?? "127.0.0.1", port: target.port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return new SocketStream(socket);
}

/** A place that hands over every connection made to it, for tests that play the server. */
export interface StreamListener extends AsyncDisposable {
  /** What `connectStream` takes. */
  readonly target: { readonly host: string; readonly port: number };
  /** Listens no longer; connections that were handed over are the caller's. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function listenForStreams(onConnection: (stream: ByteStream) => void): Promise<StreamListener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    onConnection(new SocketStream(socket)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  let closing: Promise<void> | undefined;
  // Does not wait for connections: `close` of node:net would.
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close();
      setImmediate(resolve);
    });
    return closing;
  };
  return { target: { host: "127.0.0.1", port }, close, [Symbol.asyncDispose]: close };
}

/** A socket read by pulling: it is paused unless somebody waits for a piece, so that not reading is felt by the peer. */
class SocketStream implements ByteStream {
  readonly #socket: Socket;
  readonly #pieces: Uint8Array[] = [];
  #reader: (() => void) | undefined;
  #hasEnded = false;
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (piece) => {
      this.#pieces.push(piece);
      socket.pause();
      this.#reader?.();
    });
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#reader?.();
    });
    socket.on("error", (cause) => {
      this.#failure ??= new StreamResetError(cause.message, { cause });
      this.#reader?.();
    });
    socket.on("close", () => {
      this.#failure ??= new StreamResetError("the stream is closed");
      this.#reader?.();
    });
    socket.pause();
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) return Promise.reject(this.#failure ?? new StreamResetError());
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(new StreamResetError(error.message, { cause: error }));
        else resolve();
      });
    });
  }

  end(): void {
    this.#socket.end();
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#reader !== undefined) throw new Error("one read at a time");
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) return piece;
      if (this.#hasEnded) return undefined;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
        this.#socket.resume();
      });
      this.#reader = undefined;
    }
  }

  reset(): void {
    this.#failure ??= new StreamResetError("the stream was reset by this side");
    this.#socket.resetAndDestroy();
  }
}
