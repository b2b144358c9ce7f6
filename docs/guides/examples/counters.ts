import { lines } from "@tallyline/framing";
import { createTcpServer, type TcpServer } from "@tallyline/tcp";

/** Serves counters that have names: `add apples 3`, `get apples`, `mine`. */
export function serveCounters(port: number): Promise<TcpServer> {
  const counters = new Map<string, number>();
  return createTcpServer<string, string, { added: number }>({
    port,
    codec: lines({ maxLineBytes: 200 }),
    openState: () => ({ added: 0 }), // what one connection remembers
    handler(line, { state }) {
      const [verb, name = "", text = ""] = line.split(" ");
      if (verb === "mine") return `you added ${state.added}`;
      if (verb === "get" && name !== "") return `${name} ${counters.get(name) ?? 0}`;
      if (verb !== "add" || name === "" || !/^-?\d{1,9}$/.test(text))
        return "error: say add NAME NUMBER, get NAME or mine";
      state.added += Number(text);
      counters.set(name, (counters.get(name) ?? 0) + Number(text));
      return `${name} ${counters.get(name)}`;
    },
    onBadFrame: (error) => `error: ${error.message}`,
  });
}

if (import.meta.main) {
  const server = await serveCounters(Number(process.env["PORT"] ?? 7000));
  process.once("SIGINT", () => void server.drain());
  console.log(`counters listen on port ${server.port}`);
}
