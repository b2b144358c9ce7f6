import { createUdpFaultProxy, openDatagramPeer } from "@tallyline/testkit/proxies";
import { createUdpServer } from "@tallyline/udp";

const arrived: string[] = [];
await using server = await createUdpServer({
  mode: "plain", // datagrams as they are: nothing is repeated, nothing is recognised
  handler: (datagram) => void arrived.push(new TextDecoder().decode(datagram)),
});
const faults = { lossChance: 0.2, duplicateChance: 0.2, reorderChance: 0.3 };
await using network = await createUdpFaultProxy({ target: server, faults: { toTarget: faults }, seed: 3 });

const client = await openDatagramPeer(network);
for (let number = 1; number <= 10; number += 1) client.send(new TextEncoder().encode(`${number}`));
const isThrough = () => {
  const { received, forwarded } = network.counts().toTarget;
  return received === 10 && arrived.length === forwarded;
};
while (!isThrough()) await new Promise((resolve) => setImmediate(resolve));
client.close();
console.log("sent:    1 2 3 4 5 6 7 8 9 10");
console.log("arrived:", arrived.join(" "));
