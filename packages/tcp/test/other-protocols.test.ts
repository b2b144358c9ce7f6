import { chunks, lines } from "@tallyline/framing";
import { connectTcp, createTcpServer } from "@tallyline/tcp";
import { expect, test } from "vitest";
import { bytesOf, linePeer, until, upperCase } from "./peers.ts";

test("a web page that makes a browser talk to a line port cannot run commands", async () => {
  await using server = await createTcpServer({ codec: lines(), handler: upperCase });
  await using browser = await linePeer(server);
  browser.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\nwithdraw 1000\r\n");
  expect(await browser.rest()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(server.stats().requests).toBe(0);
});

test.each([
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400"],
  ["SSH", "SSH-2.0-OpenSSH_9.9\r\n", "this is not an SSH server"],
])("%s is refused at once", async (_, greeting, answer) => {
  await using server = await createTcpServer({ codec: lines(), handler: upperCase });
  await using peer = await linePeer(server);
  peer.send(greeting);
  expect(await peer.rest()).toContain(answer);
  expect(server.stats().requests).toBe(0);
});

test.each([
  ["HTTP", "POST /transfer HTTP/1.1\r\n", "HTTP/1.1 400"],
  ["SSH", "SSH-2.0-x\r\n", "this is not an SSH server"],
  ["TLS", "\x16\x03\x01", "\x15\x03\x01"],
])("%s is refused wherever its greeting is split, and nothing of it is run", async (_, greeting, answer) => {
  for (let at = 1; at < greeting.length; at += 1) {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase });
    await using peer = await linePeer(server);
    await peer.connection.write(bytesOf(greeting.slice(0, at)));
    await until(() => server.stats().bytesRead >= at);
    peer.send(`${greeting.slice(at)}withdraw 1000\n`);
    expect(await peer.rest()).toContain(answer);
    await peer.connection.close();
    await until(() => server.stats().closed["other-protocol"] === 1);
    expect(server.stats().requests).toBe(0);
  }
});

test("a line that is not another protocol's is answered at once, however it is split", async () => {
  await using server = await createTcpServer({ codec: lines(), handler: upperCase });
  for (const line of ["POST", "SSH", "S", "GET / HTTP/9", "PRI"]) {
    await using peer = await linePeer(server);
    const before = server.stats().bytesRead;
    peer.send(line.slice(0, 2));
    await until(() => server.stats().bytesRead === before + line.slice(0, 2).length);
    peer.send(`${line.slice(2)}\nnext\n`);
    expect(await peer.line()).toBe(line);
    expect(await peer.line()).toBe("NEXT");
  }
});

test("a TLS client of a plain port is told at once", async () => {
  await using server = await createTcpServer({ codec: lines(), handler: upperCase });
  await expect(connectTcp({ port: server.port, tls: {} })).rejects.toMatchObject({
    code: "CONNECT_FAILED",
    message: expect.stringContaining("version"),
  });
});

test("where any bytes are right, they are messages, and a server that wants words like these can have them", async () => {
  const greeting = "GET / HTTP/1.1\r\n";
  await using echo = await createTcpServer({ codec: chunks(), handler: (bytes: Uint8Array) => bytes });
  await using peer = await linePeer(echo);
  peer.send(greeting);
  expect(await peer.line()).toBe("GET / HTTP/1.1\r");

  await using web = await createTcpServer({ codec: lines(), handler: upperCase, refuseOtherProtocols: false });
  await using browser = await linePeer(web);
  browser.send(greeting);
  expect(await browser.line()).toBe("GET / HTTP/1.1");
});

test("a line that only resembles another protocol is a line", async () => {
  await using server = await createTcpServer({ codec: lines(), handler: upperCase });
  await using peer = await linePeer(server);
  peer.send("GET balance of HTTP\n");
  expect(await peer.line()).toBe("GET BALANCE OF HTTP");
});
