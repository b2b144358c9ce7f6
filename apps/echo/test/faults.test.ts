import { createEchoServer, echoOverTcp } from "@tallyline/echo";
import type { StreamFaults } from "@tallyline/testkit";
import { createTcpFaultProxy } from "@tallyline/testkit/proxies";
import { expect, test } from "vitest";

const message = Uint8Array.from({ length: 5000 }, (_, index) => (index * 31) >>> 3);

test.each<[string, StreamFaults]>([
  ["single bytes", { splitBytes: 1 }],
  ["pieces of 7 bytes", { splitBytes: 7 }],
  ["large pieces", { coalesceBytes: 1000 }],
])("every byte comes back through a network that makes %s of them", async (_what, faults) => {
  await using server = await createEchoServer({ port: 0 });
  await using proxy = await createTcpFaultProxy({
    target: { port: server.tcp.port },
    faults: { toTarget: faults, toClient: faults },
  });
  expect(Buffer.compare(await echoOverTcp(message, proxy), message)).toBe(0);
});

test("an echo that is cut off is an error that says how far it came", async () => {
  await using server = await createEchoServer({ port: 0 });
  await using proxy = await createTcpFaultProxy({
    target: { port: server.tcp.port },
    faults: { toClient: { endAfterBytes: 500 } },
  });
  await expect(echoOverTcp(message, proxy)).rejects.toThrow("the server ended after 500 of 5000 bytes");
});
