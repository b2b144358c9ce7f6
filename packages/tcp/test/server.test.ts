import { Socket } from "node:net";
import { chunks, lengthPrefixed, lines } from "@tallyline/framing";
import { connectTcp, createTcpServer, type TcpServerOptions } from "@tallyline/tcp";
import { describe, expect, test, vi } from "vitest";
import { gate, linePeer, type LinePeer, until, upperCase } from "./peers.ts";

describe("requests and replies", () => {
  test("answers each line, in the order in which they came", async () => {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase });
    await using peer = await linePeer(server);
    peer.send("one\ntwo\r\nthree\n");
    expect([await peer.line(), await peer.line(), await peer.line()]).toEqual(["ONE", "TWO", "THREE"]);
  });

  test("replies of a handler that takes its time leave in the order of the requests", async () => {
    const answers = new Map<string, (reply: string) => void>();
    await using server = await createTcpServer({
      codec: lines(),
      handler: (name: string) =>
        name === "now" ? "now" : new Promise<string>((resolve) => answers.set(name, resolve)),
    });
    await using peer = await linePeer(server);
    peer.send("a\nnow\nb\n");
    while (answers.size < 2) await new Promise(setImmediate);
    answers.get("b")!("second");
    answers.get("a")!("first");
    expect([await peer.line(), await peer.line(), await peer.line()]).toEqual(["first", "now", "second"]);
  });

  test.each([
    ["at once", upperCase],
    ["later", async (line: string) => upperCase(line)],
  ])("replies of one turn leave in one write; answered %s", async (_, handler) => {
    await using server = await createTcpServer({ codec: lines(), handler });
    await using peer = await linePeer(server);
    using write = vi.spyOn(Socket.prototype, "write");
    peer.send("a\nb\nc\nd\n");
    expect([await peer.line(), await peer.line(), await peer.line(), await peer.line()]).toEqual(["A", "B", "C", "D"]);
    const written = write.mock.calls.map(([data]) => Buffer.from(data).toString());
    expect(written).toEqual(["a\nb\nc\nd\n", "A\nB\nC\nD\n"]);
  });

  test("answers given at once, later, or not at all keep their order within one read, up to the one that fails", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => {
        if (line === "fail") throw new Error("failed");
        if (line === "-") return undefined;
        return line.startsWith("later") ? Promise.resolve(line) : line;
      },
    });
    await using peer = await linePeer(server);
    const before = ["1", "2", "-", "later 3", "4", "-", "later 5", "6"];
    peer.send(`${before.join("\n")}\nfail\n7\n`);
    expect(await peer.rest()).toBe(
      before
        .filter((line) => line !== "-")
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(server.stats()).toMatchObject({ replies: 6, handlerErrors: 1, inFlight: 0, bufferedBytes: 0 });
  });

  test("replies to connections that are read in one turn leave behind the last of these reads, those of each in order", async () => {
    const events: string[] = [];
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => (events.push(line), line.toUpperCase()),
    });
    await using stack = new AsyncDisposableStack();
    const peers: LinePeer[] = [];
    for (let i = 0; i < 20; i += 1) peers.push(stack.use(await linePeer(server)));
    const round = async (text: string) => {
      for (const peer of peers) peer.send(text);
      for (const peer of peers) {
        for (const line of text.trimEnd().split("\n")) expect(await peer.line()).toBe(line.toUpperCase());
      }
    };
    // A turn that brings many is what makes the server wait for the end of the next ones.
    await round("a\n");
    events.length = 0;
    // oxlint-disable-next-line typescript/unbound-method
    const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean;
    using spy = vi.spyOn(Socket.prototype, "write");
    spy.mockImplementation(function (this: Socket, ...args: unknown[]) {
      if (args[0] === "B\nC\n") events.push("replies");
      return write.apply(this, args);
    });
    await round("b\nc\n");
    expect(events).toEqual([...peers.flatMap(() => ["b", "c"]), ...peers.map(() => "replies")]);
  });

  test("undefined sends nothing", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => (line === "quiet" ? undefined : line),
    });
    await using peer = await linePeer(server);
    peer.send("quiet\nloud\n");
    expect(await peer.line()).toBe("loud");
  });

  test.each([
    ["left to the garbage collector", false],
    ["given back as it is answered", true],
  ])("echoes bytes and ends when the peer has ended, after all of them; memory %s", async (_, releaseRequests) => {
    await using server = await createTcpServer({
      codec: chunks(),
      handler: (bytes: Uint8Array) => bytes,
      releaseRequests,
    });
    await using connection = await connectTcp({ port: server.port });
    const sent = Buffer.alloc(3_000_000, "abcdefghij");
    void connection.write(sent).then(() => connection.end());
    const received: Uint8Array[] = [];
    for (let bytes = await connection.read(); bytes !== undefined; bytes = await connection.read())
      received.push(bytes);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });
});

describe("releaseRequests", () => {
  /** The reply to a request, and the length that the request has afterwards. */
  const lengthOnceAnswered = async (options: Pick<TcpServerOptions<Uint8Array, Uint8Array>, "releaseRequests">) => {
    const requests: Uint8Array[] = [];
    const handler = (bytes: Uint8Array) => (requests.push(bytes), Buffer.from("ok\n"));
    await using server = await createTcpServer({ codec: chunks(), handler, ...options });
    await using peer = await linePeer(server);
    peer.send("request");
    expect(await peer.line()).toBe("ok");
    return requests.map((request) => request.length);
  };

  test("a request is empty once it is answered", async () => {
    expect(await lengthOnceAnswered({ releaseRequests: true })).toEqual([0]);
  });

  test("by default a request is the handler's to keep", async () => {
    expect(await lengthOnceAnswered({})).toEqual([7]);
  });

  test("a request stays whole while it is worked on", async () => {
    const answered = gate();
    const handler = (bytes: Uint8Array) => answered.opened.then(() => bytes);
    await using server = await createTcpServer({ codec: chunks(), handler, releaseRequests: true });
    await using peer = await linePeer(server);
    peer.send("request\n");
    await until(() => server.stats().inFlight === 1);
    answered.open();
    expect(await peer.line()).toBe("request");
  });

  test("a frame that comes in pieces stays whole", async () => {
    const codec = lengthPrefixed({ prefixBytes: 2 });
    await using server = await createTcpServer({ codec, handler: (bytes: Uint8Array) => bytes, releaseRequests: true });
    await using peer = await linePeer(server);
    peer.send("\0\x05li");
    await until(() => server.stats().bytesRead === 4);
    peer.send("ne\n");
    expect(await peer.line()).toBe("\0\x05line");
  });
});

test("a server has the address that it says", async () => {
  const options: TcpServerOptions<string, string> = { codec: lines(), handler: upperCase };
  await using server = await createTcpServer({ ...options, host: "::1" });
  expect(server.url).toBe(`tcp://[::1]:${server.port}`);
  await using connection = await connectTcp({ host: "::1", port: server.port });
  expect(connection.peer.url).toBe(server.url);
});
