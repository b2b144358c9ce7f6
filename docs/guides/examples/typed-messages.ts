import { lines, map, type Codec } from "@tallyline/framing";
import { createTcpClient, createTcpServer } from "@tallyline/tcp";

type Request = { add: string; count: number };
type Reply = { total: number } | { error: string };

/** Lines of JSON in one direction, checked, and in the other. What is not as it should be is undefined. */
function json<In, Out>(isIn: (value: object) => value is In & object): Codec<In | undefined, Out> {
  return map(lines(), {
    decode: (line) => {
      try {
        const value: unknown = JSON.parse(line);
        return typeof value === "object" && value !== null && isIn(value) ? value : undefined;
      } catch {
        return undefined;
      }
    },
    encode: (message: Out) => JSON.stringify(message),
  });
}
const isRequest = (value: object): value is Request =>
  "add" in value && typeof value.add === "string" && "count" in value && Number.isSafeInteger(value.count);
const isReply = (value: object): value is Reply => "total" in value || "error" in value;

const totals = new Map<string, number>();
await using server = await createTcpServer({
  codec: json<Request, Reply>(isRequest),
  handler(request): Reply {
    if (request === undefined) return { error: "that is no request" };
    totals.set(request.add, (totals.get(request.add) ?? 0) + request.count);
    return { total: totals.get(request.add)! };
  },
});
await using client = createTcpClient({
  codec: json<Reply, Request>(isReply),
  host: "127.0.0.1",
  port: server.port,
});
console.log(await client.request({ add: "apples", count: 3 }));
console.log(await client.request({ add: "apples", count: 2 }));
console.log(await client.request({ add: "apples", count: 0.5 }));
