// One server in a process of its own, so that its CPU time is its own. Says its port; answers "cpu" with its figures.
import { createServer, type AddressInfo } from "node:net";
import { chunks, lines } from "@tallyline/framing";
import { createTcpServer } from "@tallyline/tcp";

const answer = (line: string): string => `OK ${line.length}`;

const kinds: Record<string, () => Promise<number>> = {
  "echo: bare net": () =>
    bare((socket) => {
      socket.on("data", (bytes) => {
        if (!socket.write(bytes)) socket.pause();
      });
      socket.on("drain", () => socket.resume());
    }),
  "echo: ours": async () =>
    (await createTcpServer({ codec: chunks(), handler: (bytes: Uint8Array) => bytes, limits: ROOM })).port,
  // What one would write by hand, with nothing but speed in mind: no limits, no times, no check of the text.
  "lines: one write per chunk": () =>
    bare((socket) => {
      let rest = "";
      socket.on("data", (bytes) => {
        const text = rest + bytes.toString("utf8");
        let out = "";
        let at = 0;
        for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", at)) {
          out += `${answer(text.slice(at, end))}\n`;
          at = end + 1;
        }
        rest = at === text.length ? "" : text.slice(at);
        if (out !== "" && !socket.write(out)) socket.pause();
      });
      socket.on("drain", () => socket.resume());
    }),
  "lines: one write per reply": () =>
    bare((socket) => {
      let rest = "";
      socket.on("data", (bytes) => {
        const parts = (rest + bytes.toString("utf8")).split("\n");
        rest = parts.pop() ?? "";
        for (const line of parts) socket.write(`${answer(line)}\n`);
      });
    }),
  "lines: ours": async () => (await createTcpServer({ codec: lines(), handler: answer, limits: ROOM })).port,
  "lines: ours, async handler": async () =>
    (await createTcpServer({ codec: lines(), handler: async (line: string) => answer(line), limits: ROOM })).port,
};

const ROOM = { maxConnections: 20_000 };

function bare(serve: (socket: import("node:net").Socket) => void): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on("error", () => {});
      serve(socket);
    });
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

const kind = kinds[process.argv[2] ?? ""];
if (kind === undefined) throw new Error(`no such kind; there are ${Object.keys(kinds).join("; ")}`);
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
});
process.on("disconnect", () => process.exit());
process.send?.({ port: await kind() });
