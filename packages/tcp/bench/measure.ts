// Starts servers in processes of their own and loads them from this one.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

export interface MeasuredServer {
  readonly kind: string;
  readonly port: number;
  figures(): Promise<{ readonly cpuMicros: number; readonly rssBytes: number }>;
  stop(): void;
}

export async function startServer(kind: string): Promise<MeasuredServer> {
  const child: ChildProcess = fork(join(import.meta.dirname, "server-process.ts"), [kind], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return {
    kind,
    port,
    async figures() {
      child.send("figures");
      return ((await once(child, "message")) as [{ cpuMicros: number; rssBytes: number }])[0];
    },
    stop: () => child.disconnect(),
  };
}

export interface Load {
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
  readonly request: string;
  readonly replyBytes: number;
}

/** Connections to one server that are loaded in slices, so that their making is not measured. */
export class Loader {
  readonly #requests: Buffer;
  readonly #dueBytes: number;
  readonly #depth: number;
  #sockets: Socket[] = [];
  #waiting = 0;
  #isOver = true;
  #count = 0;
  #whenQuiet: () => void = () => {};

  static async open(port: number, what: Load): Promise<Loader> {
    const loader = new Loader(what);
    loader.#sockets = await Promise.all(Array.from({ length: what.connections }, () => connected(port)));
    for (const socket of loader.#sockets) loader.#listen(socket);
    return loader;
  }

  private constructor({ request, replyBytes, depth }: Load) {
    this.#requests = Buffer.from(request.repeat(depth));
    this.#dueBytes = replyBytes * depth;
    this.#depth = depth;
  }

  /** Each connection sends its next requests when all replies to its last are there. @returns requests answered. */
  async run(ms: number): Promise<number> {
    this.#count = 0;
    this.#isOver = false;
    this.#waiting = this.#sockets.length;
    for (const socket of this.#sockets) socket.write(this.#requests);
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#isOver = true;
    if (this.#waiting > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve));
    return this.#count;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #listen(socket: Socket): void {
    let received = 0;
    socket.on("data", (bytes) => {
      received += bytes.length;
      if (received < this.#dueBytes) return;
      received = 0;
      this.#count += this.#depth;
      if (!this.#isOver) {
        socket.write(this.#requests);
        return;
      }
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#whenQuiet();
    });
  }
}

export async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
