import { expect, test } from "vitest";
import { createUdpClient, createUdpServer } from "@tallyline/udp";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

test("a call gets the handler's reply", async () => {
  await using server = await createUdpServer({ handler: (request) => bytes(`Result: ${text(request)}`) });
  await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
  const reply = await client.request(bytes("1 + 1"));
  expect(text(reply.payload)).toBe("Result: 1 + 1");
  expect(reply).toMatchObject({ truncated: false, header: true });
});

test("a bare call is answered too", async () => {
  await using server = await createUdpServer({ handler: (request, { header }) => bytes(`${text(request)} ${header}`) });
  await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
  const reply = await client.request(bytes("1 + 1"), { header: false });
  expect(text(reply.payload)).toBe("1 + 1 false");
  expect(reply.header).toBe(false);
});

test("a server in plain mode takes a header for payload, and the client learns that it knows no headers", async () => {
  await using server = await createUdpServer({ mode: "plain", handler: (request) => request });
  await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
  const reply = await client.request(bytes("x"), { idempotent: true });
  expect(reply.header).toBe(false);
});
