import { lines } from "@tallyline/framing";
import { createTcpClient, createTcpServer, type TransportError } from "@tallyline/tcp";
import { type ServedStreams, streamClientConformance, streamServerConformance } from "@tallyline/testkit";
import { connectStream, createTcpFaultProxy, listenForStreams, realTime } from "@tallyline/testkit/proxies";
import type { TcpFaultProxy, TcpFaults } from "@tallyline/testkit/proxies";
import { describe, expect, test } from "vitest";
import { bytesOf, stillTime, until, upperCase } from "./peers.ts";

const splitBoth: TcpFaults = { toTarget: { splitBytes: 1 }, toClient: { splitBytes: 1 } };
const words = ["one", "three", "deux"];

/**
 * About a surplus reply that comes in one read with the right one. Split, it comes after the next request was sent, and
 * then nothing but an id could tell it from the reply to that.
 */
const IN_ONE_READ = new Set([
  "never gives a surplus reply to the next call",
  "never takes a reply that began before its request was sent",
]);

describe.each<[string, TcpFaults | undefined]>([
  ["directly", undefined],
  ["through single bytes", splitBoth],
])("a server, reached %s,", (_, faults) => {
  const start = async (): Promise<ServedStreams> => {
    let executed = 0;
    const server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => {
        executed += 1;
        return upperCase(line);
      },
    });
    const proxy = faults && (await createTcpFaultProxy({ target: server, faults }));
    return {
      connect: () => connectStream({ port: (proxy ?? server).port }),
      executed: () => executed,
      heldBytes: () => server.stats().bufferedBytes,
      async drain() {
        await server.drain({ deadlineMs: 50 });
        await proxy?.close();
      },
    };
  };
  const exchanges = words.map((word) => ({ request: bytesOf(`${word}\n`), reply: bytesOf(`${upperCase(word)}\n`) }));
  test.each(streamServerConformance({ start, exchanges, after: realTime }))("$name", ({ run }) =>
    expect(Promise.resolve(run())).resolves.toBeUndefined(),
  );
});

describe.each<[string, TcpFaults | undefined]>([
  ["directly", undefined],
  ["through single bytes", splitBoth],
])("a client that calls %s", (_, faults) => {
  const cases = streamClientConformance({
    async listen(onConnection) {
      const listener = await listenForStreams(onConnection);
      const proxy = faults && (await createTcpFaultProxy({ target: listener.target, faults }));
      return {
        target: { port: (proxy ?? listener.target).port },
        async close() {
          await listener.close();
          await proxy?.close();
        },
      };
    },
    createClient: ({ port }) =>
      createTcpClient({ codec: lines(), host: "127.0.0.1", port, timeouts: { minReconnectMs: 1 } }),
    exchanges: words.map((word) => ({
      request: word,
      reply: upperCase(word),
      requestBytes: bytesOf(`${word}\n`),
      replyBytes: bytesOf(`${upperCase(word)}\n`),
    })),
    after: realTime,
  });
  const possible = faults === undefined ? cases : cases.filter(({ name }) => !IN_ONE_READ.has(name));
  test.each(possible)("$name", ({ run }) => expect(Promise.resolve(run())).resolves.toBeUndefined());
});

describe("a call that is killed in the proxy", () => {
  /** Calls a server of ours through a proxy with faults. */
  async function call(faults: TcpFaults): Promise<{ outcome: string; executed: number; proxy: TcpFaultProxy }> {
    let executed = 0;
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => {
        executed += 1;
        return upperCase(line);
      },
    });
    await using proxy = await createTcpFaultProxy({ target: server, faults });
    await using client = createTcpClient<string, string>({ codec: lines(), host: proxy.host, port: proxy.port });
    const outcome = await client
      .request("withdraw 10", { deadlineMs: 20_000 })
      .catch((error: TransportError) => `${error.code === "DEADLINE_EXCEEDED" ? "late, " : ""}${error.delivery}`);
    await server.drain({ deadlineMs: 50 });
    return { outcome, executed, proxy };
  }
  const requestBytes = "withdraw 10\n".length;

  test.each(["resetAfterBytes", "endAfterBytes"] as const)("by %s inside the request never ran", async (fault) => {
    for (let bytes = 0; bytes < requestBytes; bytes += 1) {
      const { outcome, executed } = await call({ toTarget: { [fault]: bytes } });
      expect([outcome, executed], `after ${bytes} bytes`).toEqual(["unknown", 0]);
    }
  });

  test.each(["resetAfterBytes", "endAfterBytes"] as const)("by %s inside the reply ran once", async (fault) => {
    for (let bytes = 0; bytes < requestBytes; bytes += 1) {
      const { outcome, executed } = await call({ toClient: { [fault]: bytes } });
      expect([outcome, executed], `after ${bytes} bytes`).toEqual(["unknown", 1]);
    }
  });

  test("by a connection that is refused after the handshake says that it does not know", async () => {
    const { outcome, executed, proxy } = await call({ refuse: true });
    expect(["unknown", "not-sent"]).toContain(outcome);
    expect([executed, proxy.counts().refusedConnections > 0]).toEqual([0, true]);
  });
});

test("a client whose server vanished without a word gives up at its deadline, and the server lives", async () => {
  await using server = await createTcpServer({ codec: lines(), handler: upperCase });
  await using proxy = await createTcpFaultProxy({ target: server, faults: { toClient: { discardAfterBytes: 4 } } });
  await using client = createTcpClient<string, string>({ codec: lines(), host: proxy.host, port: proxy.port });
  expect(await client.request("one")).toBe("ONE");
  using time = stillTime();
  const failure = client.request("two", { deadlineMs: 20 }).catch((error: unknown) => error);
  await until(() => server.stats().requests === 2);
  time.pass(20);
  expect(await failure).toMatchObject({ code: "DEADLINE_EXCEEDED", delivery: "unknown" });
  proxy.setFaults({});
  proxy.resetConnections();
  expect(await client.request("three")).toBe("THREE");
});
