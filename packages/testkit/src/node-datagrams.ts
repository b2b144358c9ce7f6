import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { DatagramPeer } from "./datagram-server-conformance.ts";

/** A UDP socket of its own, connected to the server, for the conformance suite. Keeps at most 1024 datagrams unread. */
export async function openDatagramPeer(target: {
  readonly host?: string;
  readonly port: number;
}): Promise<DatagramPeer> {
  const host = target.host ?? "127.0.0.1";
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  const unread: Uint8Array[] = [];
  let reader: (() => void) | undefined;
  socket.on("message", (bytes) => {
    if (unread.length < 1024) unread.push(bytes);
    reader?.();
  });
  // ICMP may say that nobody is there; a test finds out by the reply that does not come.
  socket.on("error", () => {});
  socket.connect(target.port, host);
  await once(socket, "connect");
  return {
    send: (bytes) => socket.send(bytes),
    async receive() {
      for (;;) {
        const bytes = unread.shift();
        if (bytes !== undefined) return bytes;
        await new Promise<void>((resolve) => (reader = resolve));
      }
    },
    close: () => void socket.close(),
  };
}
