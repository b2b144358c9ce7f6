import { createUdpFaultProxy } from "@tallyline/testkit/proxies";
import { createUdpClient, createUdpServer } from "@tallyline/udp";

let runs = 0;
await using server = await createUdpServer({
  handler: (request) => {
    runs += 1;
    return new TextEncoder().encode(`${Number(new TextDecoder().decode(request)) ** 2}`);
  },
  timeouts: { networkDelayMs: 1 }, // this network is one machine; the default is 1000
});
await using network = await createUdpFaultProxy({ target: server });
await using client = await createUdpClient({
  host: network.host,
  port: network.port,
  timeouts: { initialRetransmitMs: 20, minRetransmitMs: 10, maxRetransmitMs: 100 }, // so are these
  limits: { maxRetransmits: 50 }, // one copy in three is lost here, on its way or on the way back
});
const square = async (number: number) => {
  const { payload } = await client.request(new TextEncoder().encode(`${number}`));
  return Number(new TextDecoder().decode(payload));
};

for (let number = 1; number <= 100; number += 1) await square(number); // one after the other, without faults
runs = 0;

const faults = { lossChance: 0.2, duplicateChance: 0.2, reorderChance: 0.3 };
network.setFaults({ toTarget: faults, toClient: faults });
const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
console.log((await Promise.all(numbers.map(square))).join(" "));
console.log(`the handler ran ${runs} times; datagrams were lost: ${network.counts().toTarget.lost > 0}`);
