import { streamServerConformance } from "@tallyline/testkit";
import { connectStream, realTime } from "@tallyline/testkit/proxies";
import { serveCounters } from "./counters.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const cases = streamServerConformance({
  start: async () => {
    const server = await serveCounters(0);
    return { connect: () => connectStream(server), drain: () => server.drain() };
  },
  exchanges: [
    { request: bytes("get apples\n"), reply: bytes("apples 0\n") },
    { request: bytes("get pears\n"), reply: bytes("pears 0\n") },
  ],
  after: realTime,
});
for (const { name, run } of cases) {
  await run(); // throws where the server does not do what it should
  console.log(`✓ ${name}`);
}
