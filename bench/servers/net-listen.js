// The least server: it listens, and says so. What Node.js itself takes to start.
import { createServer } from "node:net";

const server = createServer((socket) => socket.end());
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
