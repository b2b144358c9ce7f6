import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { connectTcp, type TcpConnection, type TcpServer } from "@tallyline/tcp";
import { vi } from "vitest";

/** TCP_FULL=1 runs the long tests in full numbers, which takes a quarter of a minute; docs/failures.md names them. */
export const isFull: boolean = process.env["TCP_FULL"] === "1";

/** Node.js 22 reads a reset that comes right behind data as an orderly end: no program on it can tell them apart. */
export const readsResetAsEnd: boolean = process.versions.node.startsWith("22.");

/** The time that a test may take which is longer in full. */
export const timeoutMs: number = isFull ? 120_000 : 30_000;

/** A client of a test that speaks lines, or whatever it is told to. */
export interface LinePeer extends AsyncDisposable {
  readonly connection: TcpConnection;
  send(text: string): void;
  /** The next line, or undefined when the server has ended its side. Waits at most twenty seconds. */
  line(): Promise<string | undefined>;
  /** Everything until the server ends its side, or `reset`. */
  rest(): Promise<string>;
}

export async function linePeer(server: Pick<TcpServer, "port">): Promise<LinePeer> {
  const connection = await connectTcp({ port: server.port });
  let received = "";
  const more = async (): Promise<boolean> => {
    const bytes = await connection.read({ deadlineMs: 20_000 });
    if (bytes !== undefined) received += Buffer.from(bytes).toString("latin1");
    return bytes !== undefined;
  };
  return {
    connection,
    send: (text) => void connection.write(bytesOf(text)),
    async line() {
      while (!received.includes("\n")) {
        if (!(await more())) return undefined;
      }
      const end = received.indexOf("\n");
      const line = received.slice(0, end);
      received = received.slice(end + 1);
      return line;
    },
    async rest() {
      try {
        while (await more());
        return received;
      } catch (error) {
        if ((error as { code: string }).code === "CONNECTION_CLOSED") return `${received}reset`;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** A server of a test that treats its sockets as it is told to. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: readonly Socket[];
  /** Everything received, of all sockets. */
  received(): string;
  /** Resolves once that was received. */
  whenReceived(text: string): Promise<void>;
}

export async function rawServer(serve: (socket: Socket, index: number) => void): Promise<RawServer> {
  const sockets: Socket[] = [];
  let received = "";
  let notify = (): void => {};
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += bytes.toString();
      notify();
    });
    serve(socket, sockets.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    received: () => received,
    async whenReceived(text) {
      while (!received.includes(text)) await new Promise<void>((resolve) => (notify = resolve));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A socket from this address of the machine, once it is connected or has failed. */
export async function socketFrom(localAddress: string, port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Resolves when this holds; it is asked again every millisecond, for at most so long. */
export async function until(holds: () => boolean, mostMs = 20_000): Promise<void> {
  const giveUpAtMs = Date.now() + mostMs;
  while (!holds()) {
    if (Date.now() > giveUpAtMs) throw new Error(`it never came to pass: ${holds.toString()}`);
    await new Promise((resolve) => realTimeout(resolve, 1));
  }
}

/** Also while time stands still. */
const realTimeout = setTimeout;

/** Time that stands still until it is told to pass, so that no slow machine decides what a deadline meets. Sockets are real. */
export function stillTime(): Disposable & { pass(ms: number): void } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  return {
    pass: (ms) => void vi.advanceTimersByTime(ms),
    [Symbol.dispose]: () => void vi.useRealTimers(),
  };
}

/** Lets the event loop read and run what there is, a few times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

/**
 * Does this and then keeps the process from reading for so long, as work of its own or of the machine would. It starts where
 * the event loop runs timers before it reads again.
 */
export async function holdUpFor(ms: number, meanwhile: () => void = () => {}): Promise<void> {
  await new Promise(setImmediate);
  meanwhile();
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

/** A promise, and what settles it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function upperCase(line: string): string {
  return line.toUpperCase();
}
