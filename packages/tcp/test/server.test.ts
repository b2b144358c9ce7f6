import { Socket } from "node:net";
import { chunks, lines } from "@tallyline/framing";
import { connectTcp, createTcpServer, type TcpServerOptions } from "@tallyline/tcp";
import { describe, expect, test, vi } from "vitest";
import { linePeer, upperCase } from "./peers.ts";

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

  test("undefined sends nothing", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => (line === "quiet" ? undefined : line),
    });
    await using peer = await linePeer(server);
    peer.send("quiet\nloud\n");
    expect(await peer.line()).toBe("loud");
  });

  test("echoes bytes and ends when the peer has ended, after all of them", async () => {
    await using server = await createTcpServer({ codec: chunks(), handler: (bytes: Uint8Array) => bytes });
    await using connection = await connectTcp({ port: server.port });
    const sent = Buffer.alloc(3_000_000, "abcdefghij");
    void connection.write(sent).then(() => connection.end());
    const received: Uint8Array[] = [];
    for (let bytes = await connection.read(); bytes !== undefined; bytes = await connection.read())
      received.push(bytes);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });
});

test("a server has the address that it says", async () => {
  const options: TcpServerOptions<string, string> = { codec: lines(), handler: upperCase };
  await using server = await createTcpServer({ ...options, host: "::1" });
  expect(server.url).toBe(`tcp://[::1]:${server.port}`);
  await using connection = await connectTcp({ host: "::1", port: server.port });
  expect(connection.peer.url).toBe(server.url);
});
