// Connections that each send requests and wait for replies, as fast as replies come; raw sockets, so that what is measured
// is the server. Used by bench/durable.ts.
import { connect, type Socket } from "node:net";

/** One server, as a load generator sees it. */
export interface Peer {
  readonly port: number;
  /** Said at the beginning of each connection, and how many replies that has. */
  readonly greeting?: { readonly text: string; readonly replies: number };
  /** The next request. */
  readonly request: (connection: number) => string;
  /** How many replies end in what has come, which is text in latin1; the rest is kept. */
  readonly count: (text: string) => { readonly replies: number; readonly rest: string };
}

/** Requests answered in that time. */
export async function load(peer: Peer, connections: number, pipelined: number, durationMs: number): Promise<number> {
  const endMs = performance.now() + durationMs;
  let answered = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const socket = connect({ port: peer.port, host: "127.0.0.1", noDelay: true }).setEncoding("latin1");
      if (peer.greeting !== undefined) {
        socket.write(peer.greeting.text);
        await replies(socket, peer, peer.greeting.replies, () => {});
      }
      for (let i = 0; i < pipelined; i += 1) socket.write(peer.request(index));
      await replies(socket, peer, Infinity, (count) => {
        answered += count;
        if (performance.now() >= endMs) return false;
        let text = "";
        for (let i = 0; i < count; i += 1) text += peer.request(index);
        socket.write(text);
        return true;
      });
      socket.destroy();
    }),
  );
  return answered;
}

/** Reads until so many replies have come, or `each` says that it is enough. */
function replies(socket: Socket, peer: Peer, due: number, each: (count: number) => boolean | void): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = "";
    let left = due;
    const onData = (text: string): void => {
      const counted = peer.count(rest + text);
      rest = counted.rest;
      left -= counted.replies;
      if (counted.replies > 0 && (each(counted.replies) === false || left <= 0)) {
        socket.off("data", onData);
        resolve();
      }
    };
    socket.on("data", onData);
    socket.on("error", reject);
  });
}
