import { datagramServerConformance, type DatagramFaults, type ServedDatagrams } from "@tallyline/testkit";
import { createUdpFaultProxy, openDatagramPeer, realTime } from "@tallyline/testkit/proxies";
import { createUdpClient, createUdpServer, type TransportError } from "@tallyline/udp";
import { describe, expect, test } from "vitest";
import { bytes, stillTime, text } from "./raw-socket.ts";

describe("a server of calls", () => {
  const start = async (): Promise<ServedDatagrams> => {
    let executed = 0;
    const server = await createUdpServer({
      // What has no header gets no answer, and no reply is longer than its request.
      handler(request, { header }) {
        executed += 1;
        return header ? request.map((byte) => byte & ~0x20) : undefined;
      },
    });
    return {
      open: () => openDatagramPeer(server),
      executed: () => executed,
      drain: () => server.drain({ deadlineMs: 50 }),
    };
  };
  const idOf = (number: number): string => (0x9f86_d081_0000_0000n + BigInt(number)).toString(16);
  const cases = datagramServerConformance({
    start,
    call: (number) => ({
      request: bytes(`?call/1 ${idOf(number)}\nword`),
      isReply: (datagram) => text(datagram) === `!call/1 ${idOf(number)}\nWORD`,
    }),
    after: realTime,
  });
  test.each(cases)("$name", ({ run }) => expect(Promise.resolve(run())).resolves.toBeUndefined());
});

describe("calls through a network that loses, doubles, reorders and forges", () => {
  /** Twenty calls of "call a" to "call t" through a proxy, to a server that counts. */
  async function twentyCalls(each: DatagramFaults, seed = 1) {
    const executions = new Map<string, number>();
    await using server = await createUdpServer({
      handler(request) {
        const call = text(request);
        executions.set(call, (executions.get(call) ?? 0) + 1);
        return bytes(call.toUpperCase());
      },
    });
    await using proxy = await createUdpFaultProxy({ target: server, faults: { toTarget: each, toClient: each }, seed });
    await using client = await createUdpClient({
      host: proxy.host,
      port: proxy.port,
      limits: { maxRetransmits: 20 },
      timeouts: { initialRetransmitMs: 5, minRetransmitMs: 5, maxRetransmitMs: 10 },
    });
    const names = Array.from({ length: 20 }, (_, i) => `call ${i}`);
    const outcomes = await Promise.all(
      names.map(async (name) => {
        try {
          return text((await client.request(bytes(name), { deadlineMs: 20_000 })).payload);
        } catch (error) {
          return (error as TransportError).delivery;
        }
      }),
    );
    return { names, outcomes, executions, counts: proxy.counts() };
  }

  test.each([1, 2, 3])("are answered or end as unknown, and none runs twice; seed %d", async (seed) => {
    const faults = { lossChance: 0.3, duplicateChance: 0.3, reorderChance: 0.3 };
    const { names, outcomes, executions, counts } = await twentyCalls(faults, seed);
    for (const [i, name] of names.entries()) {
      const times = executions.get(name) ?? 0;
      // Unknown is right as well: a server this young refuses copies sent before it could have remembered the first.
      expect(times === 1 ? [name.toUpperCase(), "unknown"] : ["unknown"], name).toContain(outcomes[i]);
      expect(times, name).toBeLessThanOrEqual(1);
    }
    expect(outcomes.filter((outcome) => outcome.startsWith("CALL")).length).toBeGreaterThan(4);
    for (const { lost, duplicated, reordered } of [counts.toTarget, counts.toClient]) {
      expect(Math.min(lost, duplicated, reordered)).toBeGreaterThan(0);
    }
  });

  test("are answered as if there were no forgeries: those come from elsewhere", async () => {
    const { names, outcomes, counts } = await twentyCalls({ spoofChance: 1 });
    expect(outcomes).toEqual(names.map((name) => name.toUpperCase()));
    expect(Math.min(counts.toTarget.spoofed, counts.toClient.spoofed)).toBeGreaterThanOrEqual(20);
  });

  test("end by their deadline when no reply arrives", async () => {
    await using server = await createUdpServer({ handler: (request) => request });
    await using proxy = await createUdpFaultProxy({ target: server, faults: { toClient: { lossChance: 1 } } });
    await using client = await createUdpClient({ host: proxy.host, port: proxy.port });
    using time = stillTime();
    const failure = client.request(bytes("x"), { deadlineMs: 30 }).catch((error: unknown) => error);
    while (proxy.counts().toClient.lost === 0) await new Promise(setImmediate);
    time.pass(30);
    expect(await failure).toMatchObject({ code: "DEADLINE_EXCEEDED", delivery: "unknown" });
  });
});
