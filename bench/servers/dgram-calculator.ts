// What one would write: our calculator's arithmetic on node:dgram, with no header, no limit and no shedding.
import { createSocket } from "node:dgram";
import { calculate } from "@tallyline/expression";

const socket = createSocket({ type: "udp4", recvBufferSize: 1024 * 1024 });
socket.on("message", (datagram, { port, address }) => {
  const outcome = calculate(datagram.toString());
  socket.send(outcome.ok ? `Result: ${outcome.text}` : `Error: ${outcome.error.message}`, port, address);
});
socket.bind(0, "127.0.0.1", () => console.log(`listening on ${socket.address().port}`));
