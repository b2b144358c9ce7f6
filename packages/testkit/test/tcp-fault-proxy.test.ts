import { once } from "node:events";
import { connect } from "node:net";
import { type ByteStream, createRandom, splitsOf } from "@tallyline/testkit";
import { connectStream, createTcpFaultProxy, listenForStreams, type TcpFaults } from "@tallyline/testkit/proxies";
import { describe, expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";
import { readAll } from "./reading.ts";

/** A server that returns every byte, behind a proxy; and the pieces in which the server read them. */
async function setUp(faults: TcpFaults, more: { seed?: number; maxBufferedBytes?: number } = {}) {
  const pieces: string[] = [];
  const endings: string[] = [];
  const server = await listenForStreams((stream) => {
    void (async () => {
      try {
        for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
          pieces.push(textOf(bytes));
          await stream.write(bytes);
        }
        endings.push("end");
        stream.end();
      } catch {
        endings.push("reset");
      }
    })();
  });
  const proxy = await createTcpFaultProxy({ target: server.target, faults, ...more });
  return {
    proxy,
    pieces,
    endings,
    connect: () => connectStream(proxy),
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await server.close();
    },
  };
}

async function exchange(stream: ByteStream, text: string): Promise<string> {
  await stream.write(bytesOf(text));
  stream.end();
  return readAll(stream);
}

test("without faults, bytes, ends and resets go through as they are", async () => {
  await using t = await setUp({});
  expect(await exchange(await t.connect(), "hello")).toBe("hello, end");
  expect(t.proxy.url).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);

  const stream = await t.connect();
  await stream.write(bytesOf("x"));
  await stream.read();
  stream.reset();
  await expect.poll(() => t.endings, { interval: 1, timeout: 20_000 }).toEqual(["end", "reset"]);
  await expect.poll(() => t.proxy.counts().openConnections, { interval: 1, timeout: 20_000 }).toBe(0);
  expect(t.proxy.counts()).toMatchObject({ connections: 2, toTarget: { receivedBytes: 6, forwardedBytes: 6 } });
});

test("split to single bytes, the server reads many pieces and answers the same", async () => {
  await using t = await setUp({ toTarget: { splitBytes: 1 } });
  expect(await exchange(await t.connect(), "hello world")).toBe("hello world, end");
  expect(t.proxy.counts().toTarget.pieces).toBe(11);
  expect(t.pieces.length).toBeGreaterThan(1);
});

test("coalesced, the server reads what was written apart in one piece", async () => {
  await using t = await setUp({ toTarget: { coalesceBytes: 11 } });
  const stream = await t.connect();
  for (const { pieces } of splitsOf(bytesOf("hello world"), { randomSplits: 0 })) {
    for (const piece of pieces) await stream.write(piece);
    expect(textOf((await stream.read())!)).toBe("hello world");
  }
});

describe.each(["toTarget", "toClient"] as const)("%s", (way) => {
  test.each([0, 1, 5, 11])("a reset after %d bytes lets exactly these through", async (bytes) => {
    await using t = await setUp({ [way]: { resetAfterBytes: bytes } });
    const got = await exchange(await t.connect(), "hello world");
    // Node.js 22 reads a reset that comes right behind data as an orderly end.
    const isReadAsEnd = way === "toClient" && bytes > 0 && process.versions.node.startsWith("22.");
    const ending = isReadAsEnd ? "end" : "reset";
    expect(got.endsWith(ending)).toBe(true);
    if (way === "toClient") expect(got).toBe(`${"hello world".slice(0, bytes)}, ${ending}`);
    else
      await expect.poll(() => t.pieces.join(""), { interval: 1, timeout: 20_000 }).toBe("hello world".slice(0, bytes));
    expect(t.proxy.counts()[way]).toMatchObject({ forwardedBytes: bytes, resets: 1 });
  });

  test.each([0, 5, 11])("an end after %d bytes is a half-close", async (bytes) => {
    await using t = await setUp({ [way]: { endAfterBytes: bytes } });
    expect(await exchange(await t.connect(), "hello world")).toBe(`${"hello world".slice(0, bytes)}, end`);
    expect(t.proxy.counts()[way]).toMatchObject({ forwardedBytes: bytes, discardedBytes: 11 - bytes, ends: 1 });
  });
});

test("a stall holds bytes back until the faults are changed, without a clock", async () => {
  await using t = await setUp({ toClient: { stallAfterBytes: 5 } });
  const stream = await t.connect();
  await stream.write(bytesOf("hello world"));
  expect(textOf((await stream.read())!)).toBe("hello");
  expect(t.proxy.counts().toClient).toMatchObject({ stalls: 1, heldBytes: 6 });
  t.proxy.setFaults({});
  expect(textOf((await stream.read())!)).toBe(" world");
});

test("a peer that vanished takes bytes and gives nothing back", async () => {
  await using t = await setUp({ toTarget: { discardAfterBytes: 5 } });
  const stream = await t.connect();
  await stream.write(bytesOf("hello world"));
  expect(textOf((await stream.read())!)).toBe("hello");
  await expect.poll(() => t.proxy.counts().toTarget.discardedBytes, { interval: 1, timeout: 20_000 }).toBe(6);
  stream.reset();
});

test("delayed pieces arrive in order", async () => {
  await using t = await setUp({ toTarget: { splitBytes: 3, delayMs: 5, jitterMs: 10 }, toClient: { delayMs: 5 } });
  expect(await exchange(await t.connect(), "hello world")).toBe("hello world, end");
});

test("the same seed damages the same bits, another seed others", async () => {
  const damaged = async (seed: number) => {
    await using t = await setUp({ toTarget: { corruptChance: 0.05 } }, { seed });
    const got = await exchange(await t.connect(), "x".repeat(500));
    expect(got).toHaveLength("x".repeat(500).length + ", end".length);
    expect(t.proxy.counts().toTarget.corruptedBytes).toBeGreaterThan(5);
    return got;
  };
  expect(await damaged(1)).toBe(await damaged(1));
  expect(await damaged(1)).not.toBe(await damaged(2));
});

test("a target that is not there resets the client", async () => {
  const server = await listenForStreams(() => {});
  await server.close();
  await using proxy = await createTcpFaultProxy({ target: server.target });
  expect(await readAll(await connectStream(proxy))).toBe(", reset");
  expect(proxy.counts().unreachableTargets).toBe(1);
});

test("connections can be refused, and reset while they are open", async () => {
  await using t = await setUp({ refuse: true });
  const refused = connect(t.proxy.port, "127.0.0.1");
  const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
  t.proxy.setFaults({});
  const stream = await t.connect();
  await stream.write(bytesOf("x"));
  expect(textOf((await stream.read())!)).toBe("x");
  t.proxy.resetConnections();
  expect(await readAll(stream)).toBe(", reset");
  expect(t.proxy.counts()).toMatchObject({ connections: 2, refusedConnections: 1 });
});

test("a server that does not read is felt by the client: the proxy holds no more than it may", async () => {
  const taken: ByteStream[] = [];
  await using server = await listenForStreams((stream) => taken.push(stream));
  await using proxy = await createTcpFaultProxy({ target: server.target, maxBufferedBytes: 1000 });
  const stream = await connectStream(proxy);
  // More than the buffers of the system take; the write that stays open is what backpressure is.
  const big = createRandom(1).bytes(1 << 20);
  let written = 0;
  void (async () => {
    for (; written < 64; written += 1) await stream.write(big);
  })().catch(() => {});
  await expect
    .poll(() => proxy.counts().toTarget.receivedBytes, { interval: 5, timeout: 20_000 })
    .toBeGreaterThan(1 << 16);
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = before === proxy.counts().toTarget.receivedBytes;
        before = proxy.counts().toTarget.receivedBytes;
        return isStill;
      },
      { interval: 30, timeout: 20_000 },
    )
    .toBe(true);
  expect(before).toBeLessThan(64 << 20);
  expect(written).toBeLessThan(64);
  stream.reset();
});

test("closing ends every connection, and twice is fine", async () => {
  const t = await setUp({ toTarget: { delayMs: 600_000 }, toClient: { stallAfterBytes: 0 } });
  const streams = await Promise.all([t.connect(), t.connect()]);
  for (const stream of streams) await stream.write(bytesOf("x"));
  await Promise.all([t.proxy.close(), t.proxy[Symbol.asyncDispose]()]);
  for (const stream of streams) expect(await readAll(stream)).toMatch(/^, (end|reset)$/);
  expect(t.proxy.counts().openConnections).toBe(0);
  await t[Symbol.asyncDispose]();
});

test("options and faults that make no sense are refused", async () => {
  const target = { port: 1 };
  await expect(createTcpFaultProxy({ target, fault: {} } as never)).rejects.toThrow('has no option "fault"');
  await expect(createTcpFaultProxy({ target, port: -1 })).rejects.toThrow("port is -1");
  await expect(createTcpFaultProxy({ target, faults: { toServer: {} } as never })).rejects.toThrow('"toServer"');
  await using proxy = await createTcpFaultProxy({ target });
  expect(() => proxy.setFaults({ toClient: { resetAfterBytes: 0.5 } })).toThrow("resetAfterBytes is 0.5");
  await expect(createTcpFaultProxy({ target, port: proxy.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
