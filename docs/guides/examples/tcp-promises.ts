import { lines } from "@tallyline/framing";
import { connectStream, createTcpFaultProxy, listenForStreams } from "@tallyline/testkit/proxies";

await using server = await listenForStreams(async (stream) => {
  for (const message of ["one\n", "two\n", "three\n", "four\n"]) await stream.write(new TextEncoder().encode(message));
  stream.end();
});

for (const faults of [{ coalesceBytes: 19 }, { stallAfterBytes: 6 }]) {
  await using network = await createTcpFaultProxy({ target: server.target, faults: { toClient: faults } });
  const client = await connectStream(network);
  const decoder = lines().decoder();
  const reads: string[] = [];
  const messages: string[] = [];
  for (let bytes = await client.read(); bytes !== undefined; bytes = await client.read()) {
    network.setFaults({}); // after the first read, what was stuck goes on
    reads.push(new TextDecoder().decode(bytes));
    decoder.push(bytes);
    for (let event = decoder.next(); event?.kind === "message"; event = decoder.next()) messages.push(event.message);
  }
  console.log(
    "first read:",
    JSON.stringify(reads[0]),
    "all bytes, in order:",
    reads.join("") === "one\ntwo\nthree\nfour\n",
  );
  console.log("messages:", messages.join(", "));
}
