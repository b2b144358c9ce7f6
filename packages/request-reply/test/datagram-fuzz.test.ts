import { expect, test } from "vitest";
import { encodeReply, encodeRequest } from "@tallyline/request-reply";
import { bytes, newClient, newServer, remotePeer, seeded, seededBytes } from "./datagram-network.ts";

/** DATAGRAM_FUZZ=1000000 is the long form, of about half a minute. */
const count = Number(process.env["DATAGRAM_FUZZ"] ?? 20_000);
const timeout = Math.max(30_000, count / 5);
const id = "9f86d081884c7d65";

/** A datagram that is short, random, cut, or a good one with some bits flipped. */
function fuzzer(seed: number): () => Uint8Array {
  const random = seeded(seed);
  const randomBytes = seededBytes(seed + 1);
  const pick = (options: number): number => Math.floor(random() * options);
  const good = [
    encodeRequest({ id }, bytes("1 + 1")),
    encodeRequest({ id, cookie: "60303ae22b998861", ageMs: 250, isIdempotent: true }, bytes("1 + 1")),
    encodeReply({ id }, bytes("Result: 2")),
    encodeReply({ id, cookie: "60303ae22b998861" }, bytes("")),
    encodeReply({ id, refusal: "forgotten" }, bytes("")),
  ];
  return () => {
    if (pick(4) === 0) return randomBytes(pick(4));
    if (pick(4) === 0) return randomBytes(pick(1400));
    const datagram = good[pick(good.length)]!.slice(0, pick(4) === 0 ? pick(80) : undefined);
    for (let flips = pick(4); flips > 0 && datagram.length > 0; flips--)
      datagram[pick(datagram.length)]! ^= 1 << pick(8);
    return datagram;
  };
}

test(
  `a server takes ${count} fuzzed datagrams without a throw, and answers none with more than three times its bytes (no. 49)`,
  { timeout },
  () => {
    const server = newServer();
    const next = fuzzer(1);
    const tooLong: string[] = [];
    for (let i = 0; i < count; i++) {
      const datagram = next();
      const step = server.handle(datagram, remotePeer, i);
      const sent = step.kind === "send" ? step.datagram : undefined;
      const reply = step.kind === "run" ? server.complete(step.request, bytes("x".repeat(500)), i) : sent;
      const replyBytes = reply?.length ?? 0;
      if (replyBytes + 28 > 3 * (datagram.length + 28))
        tooLong.push(`datagram ${i}: ${datagram.length} -> ${replyBytes}`);
    }
    expect(tooLong).toEqual([]);
    expect(server.inFlight).toBe(0);
  },
);

test(`a client takes ${count} fuzzed datagrams without a throw, and its call still ends (no. 49)`, { timeout }, () => {
  const client = newClient();
  const next = fuzzer(2);
  client.start(bytes("1 + 1"), { deadlineAt: 10_000, isIdempotent: false }, 0);
  let outcomes = 0;
  for (let i = 0; i < count; i++) {
    const now = (i * 20_000) / count;
    client.handle(next(), now);
    while (client.pollTransmit(now) !== undefined) continue;
    if (client.pollOutcome() !== undefined) outcomes++;
  }
  expect(outcomes).toBe(1);
  expect(client.pending).toBe(0);
});
