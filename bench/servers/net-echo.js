// An echo server with nothing but node:net: each read is written back, and reading pauses while writing lags behind. JavaScript, so that
// no types have to be stripped while it starts.
import { createServer } from "node:net";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
