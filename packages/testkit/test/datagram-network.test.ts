import { createDatagramNetwork, createVirtualClock, type DatagramEvent, type DatagramFaults } from "@tallyline/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";

/** Sends numbered datagrams both ways and gives the trace of everything. */
function traceOf(seed: number, faults: DatagramFaults, count = 50) {
  const clock = createVirtualClock();
  const trace: DatagramEvent[] = [];
  const network = createDatagramNetwork({ clock, seed, faults, observe: (event) => trace.push(event) });
  const server = network.bind("server", ({ bytes, from }) => {
    if (!from.endsWith("/spoofed")) server.send(bytesOf(`re ${textOf(bytes)}`), from);
  });
  const client = network.bind("client", () => {});
  for (let i = 0; i < count; i += 1) clock.after(i, () => client.send(bytesOf(`number ${i}`), "server"));
  clock.runUntilIdle();
  network.release();
  clock.runUntilIdle();
  return { trace, counts: network.counts(), there: network.counts({ from: "client", to: "server" }) };
}

const chance = fc.constantFrom(0, 0, 0.1, 0.5, 1);
const anyFaults = fc.record({
  lossChance: chance,
  duplicateChance: chance,
  reorderChance: chance,
  corruptChance: chance,
  spoofChance: chance,
  delayMs: fc.nat({ max: 20 }),
  jitterMs: fc.nat({ max: 20 }),
});
const anySeed = fc.nat({ max: 2 ** 31 });

test("the same seed gives the same run, to the bit and to the millisecond", () => {
  fc.assert(
    fc.property(anySeed, anyFaults, (seed, faults) => {
      expect(traceOf(seed, faults)).toEqual(traceOf(seed, faults));
    }),
    { numRuns: 10 },
  );
  const faults = { lossChance: 0.3, jitterMs: 10 };
  expect(traceOf(1, faults).trace).not.toEqual(traceOf(2, faults).trace);
});

test("no datagram is invented: each that arrives was sent, at most twice, and is whole unless it counts as damaged", () => {
  fc.assert(
    fc.property(anySeed, anyFaults, (seed, faults) => {
      const { trace, counts } = traceOf(seed, faults);
      const sent = new Map(trace.filter(({ kind }) => kind === "sent").map((event) => [event.id, event]));
      const arrived = trace.filter(({ kind }) => kind === "delivered" || kind === "unreachable");
      let damaged = 0;
      const copies = new Map<number, number>();
      for (const { id, bytes, to } of arrived.filter(({ from }) => !from.endsWith("/spoofed"))) {
        const original = sent.get(id)!;
        expect([to, bytes.length]).toEqual([original.to, original.bytes.length]);
        if (Buffer.compare(bytes, original.bytes) !== 0) damaged += 1;
        copies.set(id, (copies.get(id) ?? 0) + 1);
        expect(copies.get(id)).toBeLessThanOrEqual(2);
      }
      expect(damaged).toBeLessThanOrEqual(counts.corrupted * 2);
      expect(counts.received).toBe(sent.size);
      expect(counts.received + counts.duplicated + counts.spoofed).toBe(counts.forwarded + counts.lost + counts.held);
      expect(counts.forwarded).toBe(trace.length - sent.size);
    }),
    { numRuns: 20 },
  );
});

test("without faults everything arrives once, in order, unchanged", () => {
  const { trace } = traceOf(1, {});
  const arrived = trace.filter(({ kind, to }) => kind === "delivered" && to === "server");
  expect(arrived.map(({ bytes }) => textOf(bytes))).toEqual(Array.from({ length: 50 }, (_, i) => `number ${i}`));
});

test.each([
  ["lost", { lossChance: 0.3 }],
  ["duplicated", { duplicateChance: 0.3 }],
  ["reordered", { reorderChance: 0.3 }],
  ["corrupted", { corruptChance: 0.3 }],
  ["spoofed", { spoofChance: 0.3 }],
] as const)("about as many are %s as asked", (name, faults) => {
  const { there } = traceOf(4, faults, 1000);
  expect(there.received).toBe(1000);
  expect(Math.abs(there[name] - 300)).toBeLessThan(80);
});

test("reordering lets the next one overtake, once", () => {
  const { trace } = traceOf(1, { reorderChance: 1 }, 4);
  const arrived = trace.filter(({ kind, to }) => kind === "delivered" && to === "server");
  expect(arrived.map(({ bytes }) => textOf(bytes))).toEqual(["number 1", "number 0", "number 3", "number 2"]);
});

test("a change of one fault leaves what the others do as it was", () => {
  const lost = (faults: DatagramFaults) => {
    const { trace } = traceOf(9, faults);
    const there = trace.filter(({ to }) => to === "server");
    const arrived = new Set(there.filter(({ kind }) => kind === "delivered").map(({ id }) => id));
    return there.filter(({ kind, id }) => kind === "sent" && !arrived.has(id)).map(({ bytes }) => textOf(bytes));
  };
  expect(lost({ lossChance: 0.3 }).length).toBeGreaterThan(5);
  expect(lost({ lossChance: 0.3, duplicateChance: 0.5, jitterMs: 3 })).toEqual(lost({ lossChance: 0.3 }));
});

test("each direction has faults of its own", () => {
  const clock = createVirtualClock();
  const received: string[] = [];
  const network = createDatagramNetwork({ clock });
  const a = network.bind("a", ({ bytes }) => received.push(`a got ${textOf(bytes)}`));
  const b = network.bind("b", ({ bytes }) => received.push(`b got ${textOf(bytes)}`));
  network.setFaults({ lossChance: 1 }, { from: "a", to: "b" });
  a.send(bytesOf("there"), "b");
  b.send(bytesOf("back"), "a");
  clock.runUntilIdle();
  expect(received).toEqual(["a got back"]);
  network.setFaults({});
  a.send(bytesOf("again"), "b");
  clock.runUntilIdle();
  expect(received).toEqual(["a got back", "b got again"]);
});

test("forgeries come from elsewhere and are altered; injected datagrams lie as they like", () => {
  const clock = createVirtualClock();
  const received: string[] = [];
  const network = createDatagramNetwork({ clock, faults: { spoofChance: 1 } });
  network.bind("b", ({ bytes, from }) => received.push(`${textOf(bytes)} from ${from}`));
  network.bind("a", () => {}).send(bytesOf("pay 10"), "b");
  network.inject({ bytes: bytesOf("pay me"), from: "a", to: "b" });
  clock.runUntilIdle();
  expect(received).toEqual(["pay 11 from a/spoofed", "pay 10 from a", "pay me from a"]);
});

test("a socket is closed to both sides, its address is free again, and large datagrams are refused", () => {
  const clock = createVirtualClock();
  const kinds: string[] = [];
  const network = createDatagramNetwork({ clock, maxDatagramBytes: 10, observe: ({ kind }) => kinds.push(kind) });
  const a = network.bind("a", () => {});
  const b = network.bind("b", () => expect.unreachable());
  expect(() => network.bind("b", () => {})).toThrow("b is already in use");
  expect(() => a.send(new Uint8Array(11), "b")).toThrow("datagram is 11 bytes, limit is 10");
  a.send(new Uint8Array(10), "b");
  b.close();
  clock.runUntilIdle();
  expect(kinds).toEqual(["sent", "unreachable"]);
  expect(() => b.send(bytesOf("x"), "a")).toThrow("the socket b is closed");
  network.bind("b", () => {});
});

test.each([
  [{ lossChance: 2 }, "lossChance is 2, must be from 0 to 1"],
  [{ delayMs: Number.NaN }, "delayMs is NaN, must be from 0 to 600000"],
  [{ loss: 1 } as never, 'datagram faults has no option "loss"'],
])("faults that make no sense are refused: %j", (faults, message) => {
  expect(() => createDatagramNetwork({ clock: createVirtualClock(), faults })).toThrow(message);
});
