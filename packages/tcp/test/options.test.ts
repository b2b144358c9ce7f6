import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { lines } from "@tallyline/framing";
import {
  connectTcp,
  createTcpClient,
  createTcpServer,
  type ConnectionMessage,
  type RequestMessage,
  type TcpServerOptions,
} from "@tallyline/tcp";
import { describe, expect, test } from "vitest";
import { linePeer, socketFrom, until, upperCase } from "./peers.ts";

const server: TcpServerOptions<string, string> = { codec: lines(), handler: upperCase };
const most = 2 ** 31 - 1;

describe("options that make no sense are refused at the door:", () => {
  test.each([
    [{ limits: { maxConnections: 0 } }, `limits.maxConnections is 0, must be a whole number from 1 to ${most}`],
    [{ limits: { maxInFlight: Number.NaN } }, `limits.maxInFlight is NaN, must be a whole number from 1 to ${most}`],
    [{ limits: { maxFramesPerTurn: -1 } }, `limits.maxFramesPerTurn is -1, must be`],
    [{ timeouts: { idleMs: Infinity } }, `timeouts.idleMs is Infinity, must be`],
    [{ timeouts: { frameMs: 2 ** 31 } }, `timeouts.frameMs is ${2 ** 31}, must be`],
    [{ timeouts: { idle: 5 } }, 'timeouts has no option "idle"; it has handshakeMs,'],
    [{ limits: { maxConnection: 5 } }, 'limits has no option "maxConnection"; it has maxConnections,'],
    [{ timeout: 5 }, 'createTcpServer has no option "timeout"; it has codec,'],
    [{ port: 65_536 }, "port is 65536, must be a whole number from 0 to 65535"],
    [{ path: "/tmp/x", port: 5 }, "takes a path, or a host and a port, not both"],
    [{ handler: undefined }, "needs a handler"],
    [{ replyOrder: "any" }, "replyOrder is any, must be request or completion"],
    [{ unfinishedFrameHint: { afterMs: 0, reply: "x" } }, "unfinishedFrameHint.afterMs is 0, must be"],
    [{ tls: { cert: "", key: "", passphrase: "" } }, 'tls has no option "passphrase"'],
    [{ path: "/tmp/x", tls: { cert: "", key: "" } }, "TLS needs a host and a port"],
  ])("server %j", async (options, message) => {
    await expect(createTcpServer({ ...server, ...(options as object) })).rejects.toThrow(message);
  });

  test.each([
    [{ port: 0 }, "port is 0, must be a whole number from 1 to 65535"],
    [{}, "a target needs a port, or a path"],
    [{ port: 1, path: "/tmp/x" }, "a target is a path, or a host and a port, not both"],
    [{ port: 1, limits: { maxWaiting: 0.5 } }, "limits.maxWaiting is 0.5, must be"],
    [
      { port: 1, timeouts: { minReconnectMs: 20_000 } },
      "minReconnectMs is 20000, must be at most maxReconnectMs (10000)",
    ],
    [{ port: 1, retries: 3 }, 'createTcpClient has no option "retries"'],
    [{ port: 1, ids: { of: String } }, 'ids has no option "of"'],
    [{ path: "/tmp/x", tls: {} }, "TLS needs a host and a port"],
  ])("client %j", (options, message) => {
    expect(() => createTcpClient({ codec: lines(), ...options } as never)).toThrow(message);
  });

  test("of calls, reads, connections and drains", async () => {
    await using running = await createTcpServer(server);
    await using client = createTcpClient({ codec: lines(), port: running.port });
    expect(() => client.request("a", { deadlineMs: 0 })).toThrow("deadlineMs is 0, must be");
    expect(() => client.request("a", { deadline: 5 } as object)).toThrow('request has no option "deadline"');
    await expect(connectTcp({ port: running.port, connectTimeoutMs: -1 })).rejects.toThrow("connectTimeoutMs is -1");
    await expect(connectTcp({ port: running.port, timeout: 1 } as never)).rejects.toThrow('no option "timeout"');
    await using connection = await connectTcp({ port: running.port });
    expect(() => connection.read({ deadlineMs: Number.NaN })).toThrow("deadlineMs is NaN");
    expect(() => running.drain({ deadlineMs: 0 })).toThrow("deadlineMs is 0");
  });
});

test("options that change after the start change nothing", async () => {
  const limits = { maxConnections: 5 };
  await using running = await createTcpServer({ ...server, limits });
  limits.maxConnections = 1;
  await using first = await linePeer(running);
  await using second = await linePeer(running);
  first.send("a\n");
  second.send("b\n");
  expect([await first.line(), await second.line()]).toEqual(["A", "B"]);
});

test("a handler whose reply the codec cannot frame does not compile", () => {
  // @ts-expect-error: lines() frames strings, not numbers.
  const wrong: TcpServerOptions<string, string> = { codec: lines(), handler: (line) => line.length };
  expect(wrong).toBeDefined();
});

test("events tell of every connection and request, and starts and ends are equal however it ends", async () => {
  const opened: ConnectionMessage[] = [];
  const closed: ConnectionMessage[] = [];
  const started: RequestMessage[] = [];
  const ended: RequestMessage[] = [];
  const channels = {
    "connection.open": opened,
    "connection.close": closed,
    "request.start": started,
    "request.end": ended,
  };
  const listeners = Object.entries(channels).map(([name, list]) => {
    const listener = (message: unknown): void => void (list as unknown[]).push(message);
    subscribe(`tallyline.tcp.${name}`, listener);
    return { name: `tallyline.tcp.${name}`, listener };
  });
  const running = await createTcpServer({
    codec: lines({ maxLineBytes: 20 }),
    handler: (line: string) => {
      if (line === "throw") throw new Error("no");
      if (line === "hang") return new Promise<string>(() => {});
      return line.startsWith("later") ? Promise.resolve(line) : line;
    },
    onBadFrame: () => "bad",
    timeouts: { lingerMs: 10 },
  });
  for (const sent of ["now\nlater\nnow\n", "now\nthrow\nnow\n", `${"x".repeat(50)}\n`, "later 1\nlater 2\n"]) {
    await using peer = await linePeer(running);
    peer.send(sent);
    peer.connection.end();
    await peer.rest();
  }
  const reset = await socketFrom("127.0.0.1", running.port);
  reset.write("hang\nnow\n");
  await until(() => started.length === 10);
  reset.resetAndDestroy();
  await until(() => running.stats().connections === 0);
  await using hanging = await linePeer(running);
  hanging.send("hang\n");
  await until(() => started.length === 11);
  await running.drain({ deadlineMs: 10 });
  for (const { name, listener } of listeners) unsubscribe(name, listener);

  const keys = (messages: readonly RequestMessage[]): string[] =>
    messages.map(({ connection, request }) => `${connection}/${request}`).toSorted();
  expect(keys(ended)).toEqual(keys(started));
  expect(closed.map(({ connection }) => connection)).toEqual(opened.map(({ connection }) => connection));
  expect(closed.map(({ reason }) => reason)).toEqual([
    "peer-ended",
    "handler-failed",
    "peer-ended",
    "peer-ended",
    "error",
    "drained",
  ]);
});
