import { chunks } from "@tallyline/framing";
import { connectTcp, createTcpServer } from "@tallyline/tcp";
import { expect, test } from "vitest";
import { bytesOf, rawServer, until } from "./peers.ts";

test("reads what comes, and undefined once the peer has ended, again and again", async () => {
  await using server = await rawServer((socket) => socket.end("bye"));
  await using connection = await connectTcp({ port: server.port });
  expect(Buffer.from((await connection.read())!).toString()).toBe("bye");
  expect(await connection.read()).toBeUndefined();
  expect(await connection.read()).toBeUndefined();
});

test("nothing is read that is not asked for", async () => {
  let taken = 0;
  await using server = await rawServer((socket) => {
    const push = (): void => {
      while (socket.write(Buffer.alloc(65_536))) taken += 65_536;
    };
    socket.on("drain", push);
    push();
  });
  await using connection = await connectTcp({ port: server.port });
  let before = -1;
  await until(() => {
    const isStill = taken === before;
    before = taken;
    return isStill && taken > 0;
  });
  // What the two kernels hold, a few MiB at most; not the stream without end.
  expect(taken).toBeLessThan(20_000_000);
  expect(connection.peer.address).toBe("127.0.0.1");
});

test("a write resolves when more may be written", async () => {
  await using server = await rawServer((socket) => socket.pause());
  await using connection = await connectTcp({ port: server.port });
  let isWritten = false;
  const written = connection.write(Buffer.alloc(20_000_000)).then(() => (isWritten = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(isWritten).toBe(false);
  server.sockets[0]!.resume();
  await written;
  expect(isWritten).toBe(true);
});

test("a write that waits fails when the connection does, and when it is closed here", async () => {
  await using server = await rawServer((socket) => socket.pause());
  const first = await connectTcp({ port: server.port });
  const lost = first.write(Buffer.alloc(20_000_000));
  await until(() => server.sockets.length === 1);
  server.sockets[0]!.resetAndDestroy();
  await expect(lost).rejects.toMatchObject({ code: "CONNECTION_CLOSED", delivery: "unknown" });
  await expect(first.write(bytesOf("x"))).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });

  const second = await connectTcp({ port: server.port });
  const dropped = second.write(Buffer.alloc(20_000_000));
  await second.close();
  await expect(dropped).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
});

test("a read that waits too long, or is aborted, loses nothing", async () => {
  await using server = await rawServer(() => {});
  await using connection = await connectTcp({ port: server.port });
  await expect(connection.read({ deadlineMs: 10 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const controller = new AbortController();
  const read = connection.read({ signal: controller.signal });
  controller.abort();
  await expect(read).rejects.toMatchObject({ code: "ABORTED" });
  await expect(connection.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  server.sockets[0]!.write("still here");
  expect(Buffer.from((await connection.read())!).toString()).toBe("still here");
});

test("a read that waits fails when the connection breaks, and when it is closed here, twice without harm", async () => {
  await using server = await rawServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  await using first = await connectTcp({ port: server.port });
  const broken = first.read();
  void first.write(bytesOf("x"));
  await expect(broken).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  const second = await connectTcp({ port: server.port });
  const [read] = await Promise.allSettled([second.read(), second.close(), second.close()]);
  expect(read).toMatchObject({ status: "rejected", reason: { code: "CLIENT_CLOSED" } });
});

test("ending our side leaves the peer's open", async () => {
  await using server = await createTcpServer({ codec: chunks(), handler: (bytes: Uint8Array) => bytes });
  await using connection = await connectTcp({ port: server.port });
  await connection.write(bytesOf("last words"));
  connection.end();
  expect(() => connection.write(bytesOf("more"))).toThrow("our side is ended");
  expect(Buffer.from((await connection.read())!).toString()).toBe("last words");
  expect(await connection.read()).toBeUndefined();
});

test("two reads at once are a mistake of the caller", async () => {
  await using server = await rawServer(() => {});
  await using connection = await connectTcp({ port: server.port });
  const first = connection.read();
  expect(() => connection.read()).toThrow("one at a time");
  server.sockets[0]!.write("x");
  await first;
});

test("connecting fails with what went wrong, also where a name has two addresses", async () => {
  const server = await rawServer(() => {});
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await expect(connectTcp({ port })).rejects.toMatchObject({
    code: "CONNECT_FAILED",
    delivery: "not-sent",
    message: expect.stringContaining("ECONNREFUSED"),
  });
  await expect(connectTcp({ host: "localhost", port })).rejects.toThrow("ECONNREFUSED");
  await expect(connectTcp({ path: "/no/such/socket" })).rejects.toThrow("ENOENT");
});

test("connecting can be given up, before and during", async () => {
  await using server = await rawServer((socket) => socket.pause());
  const where = { port: server.port };
  await expect(connectTcp({ ...where, signal: AbortSignal.abort("no") })).rejects.toMatchObject({ cause: "no" });
  const controller = new AbortController();
  // The handshake will never be answered.
  const connecting = connectTcp({ ...where, tls: {}, signal: controller.signal });
  await until(() => server.sockets.length === 1);
  controller.abort("enough");
  await expect(connecting).rejects.toMatchObject({ code: "ABORTED", delivery: "not-sent", cause: "enough" });
});
