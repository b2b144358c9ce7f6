import { createCalculatorClient, createCalculatorServer } from "@tallyline/calculator";
import { createUdpFaultProxy } from "@tallyline/testkit/proxies";
import { expect, test } from "vitest";

// A client in a hurry, so that a network this bad does not make the test slow.
const faults = { lossChance: 0.3, duplicateChance: 0.3, reorderChance: 0.3 };
const timeouts = { initialRetransmitMs: 15, minRetransmitMs: 10, maxRetransmitMs: 30 };

test.each([1, 2])("thirty per cent loss each way, duplicates and reordering cost no answer (seed %i)", async (seed) => {
  await using calculator = await createCalculatorServer({ port: 0, tcpPort: 0 });
  await using proxy = await createUdpFaultProxy({
    target: { port: calculator.udp.port },
    faults: { toTarget: faults, toClient: faults },
    seed,
  });
  await using client = createCalculatorClient({
    port: proxy.port,
    tcpPort: calculator.tcp.port,
    deadlineMs: 500,
    timeouts,
  });
  for (let number = 0; number < 8; number++) {
    // A call gives up after a few copies; a person asks again, and so does this.
    const ask = (): Promise<string> => client.ask(`${number} * 2`).catch(ask);
    expect(await ask()).toBe(`Result: ${number * 2}`);
  }
  expect(proxy.counts().toTarget.lost + proxy.counts().toClient.lost).toBeGreaterThan(0);
});
