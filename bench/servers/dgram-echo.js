// An echo server with nothing but node:dgram, and as large a receive buffer as ours asks for.
import { createSocket } from "node:dgram";

const socket = createSocket({ type: "udp4", recvBufferSize: 1024 * 1024 });
socket.on("message", (datagram, { port, address }) => socket.send(datagram, port, address));
socket.bind(0, "127.0.0.1", () => console.log(`listening on ${socket.address().port}`));
