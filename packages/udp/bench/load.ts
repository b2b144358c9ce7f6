import { type ChildProcess, fork } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { UdpServerStats } from "@tallyline/udp";

export interface Usage {
  readonly cpuMs: number;
  readonly stats?: UdpServerStats;
}

/** A server in a process of its own. */
export class ServerProcess implements Disposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(kind: string, workMicroseconds = 0): Promise<ServerProcess> {
    const child = fork(new URL("server-process.ts", import.meta.url), [kind, String(workMicroseconds)]);
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new ServerProcess(child, port);
  }

  async usage(): Promise<Usage> {
    this.#child.send("usage");
    const [usage] = (await once(this.#child, "message")) as [Usage];
    return usage;
  }

  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}

/** Requests as datagrams: each call of the function gives another. */
export type RequestSource = () => Uint8Array;

/** `12 + 34` with a header; the ids come round again after 2^16 calls. Made beforehand, so that every load costs the client the same. */
export function calls(): RequestSource {
  const datagrams = Array.from({ length: 2 ** 16 }, (_, index) =>
    Buffer.from(`?call/1 ${index.toString(16).padStart(16, "0")} idempotent\n12 + 34`, "latin1"),
  );
  return cycle(datagrams);
}

export function plain(text: string): RequestSource {
  return cycle(Array.from({ length: 2 ** 16 }, () => Buffer.from(text, "latin1")));
}

function cycle(datagrams: readonly Uint8Array[]): RequestSource {
  let next = 0;
  return () => datagrams[next++ % datagrams.length]!;
}

/** Connected sockets of clients; whoever loads a server shares them out. */
export async function openSockets(count: number, port: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 }));
  for (const socket of sockets) {
    const connected = once(socket, "connect");
    socket.connect(port, "127.0.0.1");
    await connected;
    socket.on("error", () => {});
  }
  return sockets;
}

/**
 * Closed loop: `window` requests out at a time, for `durationMs`. Resolves with how many were answered and how many were not within
 * 500 ms after the end.
 */
export async function closedLoop(
  port: number,
  source: RequestSource,
  window: number,
  durationMs: number,
): Promise<{ answered: number; lost: number }> {
  const sockets = await openSockets(8, port);
  const count = { sent: 0, answered: 0 };
  let isOver = false;
  const send = (socket: Socket): void => {
    count.sent++;
    socket.send(source());
  };
  for (const socket of sockets) {
    socket.on("message", () => {
      count.answered++;
      if (!isOver) send(socket);
    });
  }
  for (let i = 0; i < window; i++) send(sockets[i % sockets.length]!);
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  isOver = true;
  const answeredInTime = count.answered;
  for (let waits = 0; waits < 50 && count.answered < count.sent; waits++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  for (const socket of sockets) socket.close();
  return { answered: answeredInTime, lost: count.sent - count.answered };
}
