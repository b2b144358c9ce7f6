import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectSecurely } from "node:tls";
import { join } from "node:path";
import { chunks, lines } from "@tallyline/framing";
import { connectTcp, createTcpClient, createTcpServer, type TcpServerOptions } from "@tallyline/tcp";
import { expect, test } from "vitest";
import {
  isFull,
  timeoutMs,
  bytesOf,
  gate,
  linePeer,
  rawServer,
  socketFrom,
  stillTime,
  until,
  upperCase,
} from "./peers.ts";

const file = (name: string): string => readFileSync(join(import.meta.dirname, "fixtures", name), "utf8");
const ca = file("authority.pem");
const certificateOf = (name: string): { cert: string; key: string } => ({
  cert: file(`${name}.pem`),
  key: file(`${name}-key.pem`),
});

const options: TcpServerOptions<string, string> = {
  codec: lines(),
  handler: upperCase,
  tls: certificateOf("server"),
};

test("calls over TLS 1.3", async () => {
  await using server = await createTcpServer({ ...options, handler: (_: string, { peer }) => peer.tls?.protocol });
  await using client = createTcpClient<string, string>({ codec: lines(), port: server.port, tls: { ca } });
  expect(await client.request("which version?")).toBe("TLSv1.3");
});

test("an older version is refused", async () => {
  await using server = await createTcpServer(options);
  const socket = connectSecurely({ port: server.port, host: "127.0.0.1", ca, maxVersion: "TLSv1.2" });
  const [error] = (await once(socket, "error")) as [Error];
  expect(error.message).toContain("protocol version");
  await until(() => server.stats().refused["handshake-failed"] === 1);
});

test("a server whose certificate is from elsewhere is not trusted", async () => {
  await using server = await createTcpServer({ ...options, tls: certificateOf("stranger") });
  await expect(connectTcp({ port: server.port, tls: { ca } })).rejects.toMatchObject({
    code: "CONNECT_FAILED",
    delivery: "not-sent",
  });
});

test("with mutual TLS the handler knows who calls, and strangers are turned away before they can", async () => {
  await using server = await createTcpServer({
    ...options,
    tls: { ...certificateOf("server"), ca },
    handler: (_: string, { peer }) => `${peer.tls?.commonName} ${peer.tls?.isAuthorized}`,
  });
  const call = async (tls: object): Promise<string> => {
    await using client = createTcpClient<string, string>({ codec: lines(), port: server.port, tls: { ca, ...tls } });
    return await client.request("who am I?");
  };
  expect(await call(certificateOf("client"))).toBe("teller true");
  await expect(call({})).rejects.toMatchObject({ name: "TransportError" });
  await expect(call(certificateOf("stranger"))).rejects.toMatchObject({ name: "TransportError" });
  expect(server.stats().requests).toBe(1);
  await until(() => server.stats().refused["handshake-failed"] === 2);
  expect(server.stats().handshakes).toBe(0);
});

test("a certificate is changed while the server runs; connections that stand are not disturbed", async () => {
  await using server = await createTcpServer(options);
  const fingerprintOf = async (): Promise<string> => {
    const socket = connectSecurely({ port: server.port, host: "127.0.0.1", ca });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  await using standing = await connectTcp({ port: server.port, tls: { ca } });
  const before = await fingerprintOf();
  server.setCertificate(certificateOf("renewed"));
  expect(await fingerprintOf()).not.toBe(before);
  await standing.write(bytesOf("undisturbed\n"));
  expect(Buffer.from((await standing.read())!).toString()).toBe("UNDISTURBED\n");
  await using plain = await createTcpServer({ codec: lines(), handler: upperCase });
  expect(() => plain.setCertificate(certificateOf("renewed"))).toThrow("is not a TLS server");
});

test("silent peers are closed when the time of the handshake is up, and cannot use up the connections", async () => {
  await using server = await createTcpServer({
    ...options,
    limits: { maxHandshakes: 20, maxConnections: 5 },
    timeouts: { handshakeMs: 250 },
  });
  using time = stillTime();
  const silent = await Promise.all(Array.from({ length: 20 }, () => socketFrom("127.0.0.1", server.port)));
  await until(() => server.stats().handshakes === 20);
  const surplus = await socketFrom("127.0.0.1", server.port);
  await once(surplus.resume(), "close");
  expect(server.stats().refused.handshakes).toBe(1);
  time.pass(250);
  for (const socket of silent) if (!socket.closed) await once(socket.resume(), "close");
  await until(() => server.stats().handshakes === 0);
  expect(server.stats().refused["handshake-timeout"]).toBe(20);
  await using client = createTcpClient<string, string>({ codec: lines(), port: server.port, tls: { ca } });
  expect(await client.request("served")).toBe("SERVED");
});

test("a connection that stands is no handshake any more: it is not counted as one, and draining finishes its requests", async () => {
  const work = gate();
  const server = await createTcpServer({
    ...options,
    handler: async (line: string) => {
      await work.opened;
      return line.toUpperCase();
    },
    limits: { maxHandshakes: 1, maxConnectionsPerAddress: 2, exemptLoopback: false },
  });
  await using first = createTcpClient<string, string>({ codec: lines(), port: server.port, tls: { ca } });
  await using second = createTcpClient<string, string>({ codec: lines(), port: server.port, tls: { ca } });
  const calls = [first.request("a")];
  await until(() => server.stats().inFlight === 1);
  calls.push(second.request("b"));
  await until(() => server.stats().inFlight === 2);
  expect(server.stats().handshakes).toBe(0);
  await expect(connectTcp({ port: server.port, tls: { ca } })).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  const drained = server.drain();
  work.open();
  expect(await Promise.all(calls)).toEqual(["A", "B"]);
  expect(await drained).toEqual({ completed: 2, aborted: 0 });
});

test("the count of an address goes down when a TLS connection, or a handshake, is over", async () => {
  const limits = { maxConnectionsPerAddress: 1, exemptLoopback: false };
  await using server = await createTcpServer({ ...options, limits });
  for (let round = 0; round < 3; round += 1) {
    const connection = await connectTcp({ port: server.port, tls: { ca } });
    await until(() => server.stats().connections === 1);
    await connection.close();
    await until(() => server.stats().connections === 0);
    const broken = await socketFrom("127.0.0.1", server.port);
    await until(() => server.stats().handshakes === 1);
    broken.destroy();
    await until(() => server.stats().handshakes === 0);
  }
  expect(server.stats().refused["connections-per-address"]).toBe(0);
});

test.each(["balance\n", "GET / HTTP/1.1\r\n\r\n", "\0\0\0\x05hello"])(
  "%j on a TLS port is refused at once, as what it is",
  async (text) => {
    await using server = await createTcpServer(options);
    await using peer = await linePeer(server);
    peer.send(text);
    await peer.rest();
    await until(() => server.stats().refused["not-tls"] === 1);
    expect(server.stats()).toMatchObject({ requests: 0, handshakes: 0 });
  },
);

test("half-closed works over TLS as it does over TCP", async () => {
  await using server = await createTcpServer({ ...options, handler: async (line: string) => line.toUpperCase() });
  await using connection = await connectTcp({ port: server.port, tls: { ca } });
  await connection.write(bytesOf("a\nb\n"));
  connection.end();
  let received = "";
  for (let bytes = await connection.read(); bytes !== undefined; bytes = await connection.read()) {
    received += Buffer.from(bytes).toString();
  }
  expect(received).toBe("A\nB\n");
});

test("bytes come back whole over TLS where requests are given back as they are answered", async () => {
  const handler = (bytes: Uint8Array) => bytes;
  const tls = certificateOf("server");
  await using server = await createTcpServer({ codec: chunks(), handler, releaseRequests: true, tls });
  await using connection = await connectTcp({ port: server.port, tls: { ca } });
  const sent = Buffer.alloc(1_000_000, "abcdefghij");
  void connection.write(sent).then(() => connection.end());
  const received: Uint8Array[] = [];
  for (let bytes = await connection.read(); bytes !== undefined; bytes = await connection.read()) received.push(bytes);
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

test("only the protocol that was agreed on is spoken", async () => {
  await using server = await createTcpServer({ ...options, tls: { ...certificateOf("server"), alpn: "bank/1" } });
  await using connection = await connectTcp({ port: server.port, tls: { ca, alpn: "bank/1" } });
  expect(connection.peer.tls?.alpn).toBe("bank/1");
  await expect(connectTcp({ port: server.port, tls: { ca, alpn: "echo" } })).rejects.toMatchObject({
    code: "CONNECT_FAILED",
  });
  await using other = await createTcpServer(options);
  await expect(connectTcp({ port: other.port, tls: { ca, alpn: "bank/1" } })).rejects.toThrow("does not speak bank/1");
});

test("a server that dies, or is silent, in the handshake leaves no call unsettled", async () => {
  for (const [serve, code, connectMs] of [
    [(socket: { destroy(): void }) => socket.destroy(), "CONNECT_FAILED", 20_000],
    [() => {}, "CONNECT_TIMEOUT", 50],
  ] as const) {
    await using server = await rawServer(serve);
    await using client = createTcpClient<string, string>({
      codec: lines(),
      port: server.port,
      tls: { ca },
      timeouts: { connectMs },
    });
    await expect(client.request("a")).rejects.toMatchObject({ code, delivery: "not-sent" });
  }
});

test("nobody listens, and a name that does not resolve: not sent", async () => {
  const gone = await createTcpServer(options);
  await gone.drain();
  for (const target of [{ port: gone.port }, { host: "no-such-name.invalid", port: 1 }]) {
    await using client = createTcpClient<string, string>({ codec: lines(), ...target, tls: { ca } });
    await expect(client.request("a")).rejects.toMatchObject({ code: "CONNECT_FAILED", delivery: "not-sent" });
  }
});

test(
  "handshakes that are broken off leave nothing behind, and draining does not wait for them",
  async () => {
    const rounds = isFull ? 500 : 3;
    const countOf = (): number => readdirSync("/proc/self/fd").length;
    const server = await createTcpServer(options);
    const before = countOf();
    for (let round = 0; round < rounds; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => socketFrom("127.0.0.1", server.port)));
      for (const socket of sockets) socket.write(Buffer.of(0x16, 0x03, 0x01), () => socket.resetAndDestroy());
      await until(() => server.stats().refused["handshake-failed"] === (round + 1) * 20);
    }
    expect(server.stats()).toMatchObject({ handshakes: 0, connections: 0 });
    await until(() => countOf() <= before);
    const silent = await socketFrom("127.0.0.1", server.port);
    await until(() => server.stats().handshakes === 1);
    expect(await server.drain()).toEqual({ completed: 0, aborted: 0 });
    silent.destroy();
  },
  timeoutMs,
);
