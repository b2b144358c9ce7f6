import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { createUdpFaultProxy, openDatagramPeer, type UdpFaults } from "@tallyline/testkit/proxies";
import { expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";

/** A server that answers each datagram with "re " and itself, behind a proxy; and what it received from which port. */
async function setUp(faults: UdpFaults, more: { seed?: number; maxClients?: number } = {}) {
  const server = createSocket("udp4");
  const received: [text: string, port: number][] = [];
  server.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    received.push([textOf(bytes), from.port]);
    server.send(bytesOf(`re ${textOf(bytes)}`), from.port, from.address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await createUdpFaultProxy({ target: { port: server.address().port }, faults, ...more });
  const peers: { close(): void }[] = [];
  return {
    proxy,
    received,
    texts: () => received.map(([text]) => text),
    /** Sends these to the proxy, and gives a function for the next reply. */
    async open() {
      const peer = await openDatagramPeer(proxy);
      peers.push(peer);
      return { send: (text: string) => peer.send(bytesOf(text)), next: async () => textOf(await peer.receive()) };
    },
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.close();
      await proxy.close();
      server.close();
    },
  };
}

const poll = { interval: 1, timeout: 20_000 };

test("without faults, datagrams go through as they are, each client from an address of its own", async () => {
  await using t = await setUp({});
  const [a, b] = [await t.open(), await t.open()];
  a.send("from a");
  expect(await a.next()).toBe("re from a");
  b.send("from b");
  expect(await b.next()).toBe("re from b");
  expect(new Set(t.received.map(([, port]) => port)).size).toBe(2);
  expect(t.proxy.url).toMatch(/^udp:\/\/127\.0\.0\.1:\d+$/);
  expect(t.proxy.counts()).toMatchObject({ clients: 2, toTarget: { forwarded: 2 }, toClient: { forwarded: 2 } });
});

test("datagrams are lost there and back, and faults can be changed at run time", async () => {
  await using t = await setUp({ toTarget: { lossChance: 1 } });
  const a = await t.open();
  a.send("one");
  await expect.poll(() => t.proxy.counts().toTarget.lost, poll).toBe(1);
  t.proxy.setFaults({ toClient: { lossChance: 1 } });
  a.send("two");
  await expect.poll(() => t.proxy.counts().toClient.lost, poll).toBe(1);
  t.proxy.setFaults({});
  a.send("three");
  expect(await a.next()).toBe("re three");
  expect(t.texts()).toEqual(["two", "three"]);
});

test("datagrams are doubled", async () => {
  await using t = await setUp({ toTarget: { duplicateChance: 1 }, toClient: { duplicateChance: 1 } });
  const a = await t.open();
  a.send("one");
  for (let i = 0; i < 4; i += 1) expect(await a.next()).toBe("re one");
  expect(t.texts()).toEqual(["one", "one"]);
});

test("datagrams overtake each other, and the last is let go when asked", async () => {
  await using t = await setUp({ toTarget: { reorderChance: 1 } });
  const a = await t.open();
  for (const text of ["one", "two", "three"]) a.send(text);
  await expect.poll(() => t.proxy.counts().toTarget.held, poll).toBe(1);
  await expect.poll(t.texts, poll).toEqual(["two", "one"]);
  t.proxy.release();
  await expect.poll(t.texts, poll).toEqual(["two", "one", "three"]);
  for (const text of ["re two", "re one", "re three"]) expect(await a.next()).toBe(text);
});

test("datagrams are damaged by one bit, the same for the same seed", async () => {
  const damaged = async (seed: number) => {
    await using t = await setUp({ toClient: { corruptChance: 1 } }, { seed });
    const a = await t.open();
    a.send("some words");
    const got = await a.next();
    expect(got).not.toBe("re some words");
    return got;
  };
  expect(await damaged(5)).toBe(await damaged(5));
});

test("forgeries reach the server from another port, and a client that is connected not at all", async () => {
  await using t = await setUp({ toTarget: { spoofChance: 1 }, toClient: { spoofChance: 1 } });
  const a = await t.open();
  a.send("pay 10");
  expect(await a.next()).toBe("re pay 10");
  expect(t.texts()).toEqual(["pay 11", "pay 10"]);
  expect(t.received[0]![1]).not.toBe(t.received[1]![1]);
  expect(t.proxy.counts()).toMatchObject({ toTarget: { spoofed: 1 }, toClient: { spoofed: 1 } });
});

test("delayed datagrams arrive, and closing drops those on their way", async () => {
  await using t = await setUp({ toTarget: { delayMs: 5, jitterMs: 5 } });
  const a = await t.open();
  a.send("late");
  expect(await a.next()).toBe("re late");
  t.proxy.setFaults({ toTarget: { delayMs: 600_000 } });
  a.send("never");
  await expect.poll(() => t.proxy.counts().toTarget.forwarded, poll).toBe(2);
  await Promise.all([t.proxy.close(), t.proxy.close()]);
  expect(t.texts()).toEqual(["late"]);
});

test("the client that came first makes room, and its counts stay", async () => {
  await using t = await setUp({}, { maxClients: 2 });
  for (let i = 0; i < 3; i += 1) {
    const each = await t.open();
    each.send("x");
    await each.next();
  }
  expect(t.proxy.counts()).toMatchObject({ clients: 3, openClients: 2, toTarget: { received: 3 } });
});

test("options and faults that make no sense are refused", async () => {
  const target = { port: 9 };
  await expect(createUdpFaultProxy({ target, seeds: 1 } as never)).rejects.toThrow('has no option "seeds"');
  await expect(createUdpFaultProxy({ target: { port: 0 } })).rejects.toThrow("target.port is 0");
  await expect(createUdpFaultProxy({ target, faults: { toClient: { lossChance: 7 } } })).rejects.toThrow("is 7");
  await using proxy = await createUdpFaultProxy({ target });
  await expect(createUdpFaultProxy({ target, port: proxy.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
