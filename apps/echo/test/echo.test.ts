import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { createEchoServer, echoOverTcp, echoOverUdp } from "@tallyline/echo";
import { describe, expect, test } from "vitest";

const host = "127.0.0.1";
const bytes = (text: string) => new TextEncoder().encode(text);

/** Every byte value, and many of them: more than the buffers between two sockets hold. */
const large = Uint8Array.from({ length: 8 * 1024 * 1024 }, (_, index) => (index * 31) >>> 3);

describe("over TCP", () => {
  test("every byte comes back until the peer ends its side, and then the server ends too", async () => {
    await using server = await createEchoServer({ port: 0 });
    const socket = connect({ port: server.tcp.port, host, allowHalfOpen: true });
    socket.end(large); // everything is sent, then this side ends; the echo is still to come
    expect(Buffer.compare(await buffer(socket), large)).toBe(0);
  });

  test("a client that sends without a line ending and reads once gets its message", async () => {
    await using server = await createEchoServer({ port: 0 });
    const socket = connect(server.tcp.port, host);
    socket.write("Hello, Server!");
    const [read] = (await once(socket, "data")) as [Buffer];
    expect(read.toString()).toBe("Hello, Server!");
    socket.destroy();
  });

  test("many clients at once get their own bytes", async () => {
    await using server = await createEchoServer({ port: 0 });
    const address = { host, port: server.tcp.port };
    const messages = Array.from({ length: 50 }, (_, index) => bytes(`${index} `.repeat(1 + index * 40)));
    expect(await Promise.all(messages.map((message) => echoOverTcp(message, address)))).toEqual(messages);
  });

  test("a message larger than every buffer on the way comes back whole", async () => {
    await using server = await createEchoServer({ port: 0 });
    expect(Buffer.compare(await echoOverTcp(large, { host, port: server.tcp.port }), large)).toBe(0);
  });

  test("the client works against a server that reads once and answers once", async () => {
    const server = createServer((socket) => socket.once("data", (read) => socket.end(read))).listen(0, host);
    await once(server, "listening");
    const address = { host, port: (server.address() as AddressInfo).port };
    expect(await echoOverTcp(bytes("Hello, Server!"), address)).toEqual(bytes("Hello, Server!"));
    server.close();
  });

  test("an echo that ends early is an error that says how far it came", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.end("Hel"))).listen(0, host);
    await once(server, "listening");
    const address = { host, port: (server.address() as AddressInfo).port };
    await expect(echoOverTcp(bytes("Hello"), address)).rejects.toThrow("the server ended after 3 of 5 bytes");
    server.close();
  });
});

describe("over UDP", () => {
  test("the same datagram comes back, whatever it holds", async () => {
    await using server = await createEchoServer({ port: 0 });
    const socket = createSocket("udp4");
    for (const datagram of [
      bytes("Hello, Server!"),
      new Uint8Array(),
      Uint8Array.from([0, 255, 10, 13]),
      new Uint8Array(1472).fill(7),
      new Uint8Array(65_507).fill(7),
    ]) {
      socket.send(datagram, server.udp.port, host);
      const [echo] = (await once(socket, "message")) as [Buffer];
      expect(Uint8Array.from(echo)).toEqual(datagram);
    }
    socket.close();
  });

  test("the client gets its message", async () => {
    await using server = await createEchoServer({ port: 0 });
    const echo = await echoOverUdp(bytes("Hello, Server!"), { host, port: server.udp.port });
    expect(new TextDecoder().decode(echo)).toBe("Hello, Server!");
  });

  test("two echo servers that hear of each other do not talk for ever", async () => {
    await using server = await createEchoServer({ host, port: 0 });
    // Another echo service has the same port, on another address of this machine; the datagram is as if forged from it.
    const other = createSocket("udp4");
    other.bind(server.udp.port, "127.0.0.2");
    await once(other, "listening");
    const heard: string[] = [];
    other.on("message", (datagram) => heard.push(datagram.toString()));
    other.send("round and round", server.udp.port, host);
    await echoOverUdp(bytes("the server has seen the forged one before this"), { host, port: server.udp.port });
    expect(heard).toEqual([]);
    other.close();
  });
});

test("TCP and UDP share one port, also one that was free", async () => {
  await using server = await createEchoServer({ port: 0 });
  expect(server.tcp.url).toBe(`tcp://127.0.0.1:${server.tcp.port}`);
  expect(server.udp.url).toBe(`udp://127.0.0.1:${server.tcp.port}`);
});

test("a port that is taken for UDP alone is refused, and its TCP half is let go", async () => {
  const other = createSocket("udp4").bind(0, host);
  await once(other, "listening");
  const { port } = other.address();
  await expect(createEchoServer({ host, port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  const [error] = (await once(
    connect(port, host).on("connect", () => expect.unreachable()),
    "error",
  )) as [Error];
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
  other.close();
});
