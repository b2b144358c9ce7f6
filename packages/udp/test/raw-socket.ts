import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { vi } from "vitest";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);

/** Time that stands still until it is told to pass, so that no slow machine decides what a deadline meets. Sockets are real. */
export function stillTime(): Disposable & { pass(ms: number): void } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  return {
    pass: (ms) => void vi.advanceTimersByTime(ms),
    [Symbol.dispose]: () => void vi.useRealTimers(),
  };
}

/** A promise and the functions that settle it. */
export function deferred<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason: unknown) => void;
} {
  let [resolve, reject]: [(value: T | PromiseLike<T>) => void, (reason: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

/** A bare UDP socket on a loopback port, any free one by default: the peer that follows no protocol. */
export class RawSocket implements AsyncDisposable {
  readonly socket: Socket;
  readonly received: { readonly text: string; readonly port: number }[] = [];
  readonly #arrivals: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("message", (datagram, { port }) => {
      this.received.push({ text: text(datagram), port });
      for (const arrived of this.#arrivals.splice(0)) arrived();
    });
  }

  static async open(port = 0, address = "127.0.0.1"): Promise<RawSocket> {
    const socket = createSocket("udp4");
    socket.bind(port, address);
    await once(socket, "listening");
    return new RawSocket(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Resolves when the kernel has taken the datagram: on loopback it is then in the receiver's buffer. */
  send(datagram: Uint8Array | string, port: number): Promise<void> {
    const { promise, resolve, reject } = deferred<void>();
    this.socket.send(datagram, port, "127.0.0.1", (error) => (error === null ? resolve() : reject(error)));
    return promise;
  }

  /** The datagram with this index, once it has arrived. */
  async at(index: number): Promise<{ readonly text: string; readonly port: number }> {
    // Ends with the arrival of the datagram, or with the test's time.
    while (this.received.length <= index) {
      const { promise, resolve } = deferred<void>();
      this.#arrivals.push(resolve);
      await promise;
    }
    return this.received[index]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = deferred<void>();
    this.socket.close(resolve);
    await promise;
  }
}
