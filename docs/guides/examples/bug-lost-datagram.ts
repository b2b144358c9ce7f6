import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createCalculatorClient, createCalculatorServer } from "@tallyline/calculator";
import { createUdpFaultProxy } from "@tallyline/testkit/proxies";

await using calculator = await createCalculatorServer({ port: 0, tcpPort: 0 });
const lossy = { target: calculator.udp, faults: { toTarget: { lossChance: 1 } } };

/** Asks and waits, as everybody writes it first. */
async function naivelyAsk(expression: string, port: number, signal?: AbortSignal): Promise<string> {
  const socket = createSocket("udp4");
  try {
    socket.send(expression, port, "127.0.0.1");
    const [reply] = await once(socket, "message", { signal });
    return String(reply);
  } finally {
    socket.close();
  }
}
{
  await using network = await createUdpFaultProxy(lossy);
  const exit = new AbortController();
  let heard = "nothing";
  const first = naivelyAsk("6 * 7", network.port, exit.signal).then((reply) => (heard = reply));
  while (network.counts().toTarget.lost === 0) await new Promise((resolve) => setImmediate(resolve));
  network.setFaults({}); // one datagram was lost; from here on everything arrives
  console.log("naive, the next one:  ", await naivelyAsk("6 * 7", network.port));
  console.log("naive, the first one: ", heard, "- and it will wait for ever");
  exit.abort();
  await first.catch(() => {});
}

await using network = await createUdpFaultProxy(lossy);
const timeouts = { initialRetransmitMs: 50 };
await using client = createCalculatorClient({ port: network.port, tcpPort: calculator.tcp.port, timeouts });
const answer = client.ask("6 * 7");
while (network.counts().toTarget.lost === 0) await new Promise((resolve) => setImmediate(resolve));
network.setFaults({});
console.log("Tallyline:            ", await answer);
