import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createCalculatorClient, createCalculatorServer } from "@tallyline/calculator";
import { openDatagramPeer } from "@tallyline/testkit/proxies";

process.env["BANK_PASSWORD"] = "swordfish";

const naive = createSocket("udp4", (datagram, { port, address }) => {
  // oxlint-disable-next-line typescript/no-implied-eval -- the bug that this example is about
  const calculate = new Function(`return ${String(datagram)}`);
  naive.send(`Result: ${calculate()}`, port, address);
});
naive.bind(0, "127.0.0.1");
await once(naive, "listening");
const peer = await openDatagramPeer(naive.address());
for (const expression of ["6 * 7", "process.env.BANK_PASSWORD"]) {
  peer.send(new TextEncoder().encode(expression));
  console.log("naive:    ", new TextDecoder().decode(await peer.receive()));
}
peer.close();
naive.close();

await using calculator = await createCalculatorServer({ port: 0, tcpPort: 0 });
await using client = createCalculatorClient({ port: calculator.udp.port, tcpPort: calculator.tcp.port });
for (const expression of ["6 * 7", "process.env.BANK_PASSWORD", "__import__('os')", "9 ** 9 ** 9 ** 9"])
  console.log("Tallyline:", await client.ask(expression));
