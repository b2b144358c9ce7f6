import { describe, expect, test } from "vitest";
import type { DatagramOutcome } from "@tallyline/request-reply";
import { type Faults, loopbackPeer, remotePeer, VirtualNetwork } from "./datagram-network.ts";

/** DATAGRAM_SEEDS=200 is the long form. */
const seeds = Array.from({ length: Number(process.env["DATAGRAM_SEEDS"] ?? 8) }, (_, index) => index * 1000);
const lossRates = [0, 0.1, 0.3, 0.5];
const copiesMax = 7;

function faults(loss: number): Faults {
  return { loss, duplication: 0.2, maxDelayMs: 400, maxHandlerMs: 600 };
}

/** How often a request may have run, given how its call ended. */
function promiseOf(outcome: DatagramOutcome, payload: string): number[] {
  if (outcome.kind === "reply") return new TextDecoder().decode(outcome.payload) === `ran ${payload}` ? [1] : [];
  return outcome.delivery === "not-sent" || outcome.delivery === "rejected" ? [0] : [0, 1];
}

describe(
  "calls through a network that loses, doubles, delays and reorders datagrams",
  { timeout: 30_000 + 1000 * seeds.length },
  () => {
    test.each(lossRates)("all end by their deadline and run at most once, with loss %f in each direction", (loss) => {
      for (const seed of seeds) {
        const network = new VirtualNetwork({ seed, faults: faults(loss) });
        network.run({ calls: 40, deadlineMs: 8000 });
        expect(network.records, `seed ${seed}`).toHaveLength(40);
        for (const { payload, outcome, endedAt, deadlineAt, executions } of network.records) {
          expect(endedAt, `seed ${seed}`).toBeLessThanOrEqual(deadlineAt);
          expect(promiseOf(outcome, payload), `seed ${seed}`).toContain(executions);
        }
        expect(network.datagramsSent).toBeLessThanOrEqual(40 * copiesMax);
      }
    });

    test("nothing is sent twice and everything answered when nothing goes wrong", () => {
      const network = new VirtualNetwork({
        seed: 7,
        faults: { loss: 0, duplication: 0, maxDelayMs: 20, maxHandlerMs: 20 },
      });
      network.run({ calls: 100, deadlineMs: 8000 });
      expect(network.datagramsSent).toBe(100);
      expect(network.records.filter(({ outcome }) => outcome.kind === "reply")).toHaveLength(100);
    });

    test("with loss of 30 % in each direction nearly every call is answered", () => {
      let answered = 0;
      for (const seed of seeds) {
        const network = new VirtualNetwork({
          seed,
          faults: { loss: 0.3, duplication: 0.1, maxDelayMs: 50, maxHandlerMs: 5 },
        });
        network.run({ calls: 30, deadlineMs: 30_000 });
        answered += network.records.filter(({ outcome }) => outcome.kind === "reply").length;
      }
      expect(answered / (30 * seeds.length)).toBeGreaterThan(0.95);
    });

    test("a table that holds next to nothing makes repeated calls fail, and never run twice", () => {
      for (const seed of seeds) {
        const limits = { maxExchanges: 8, maxInFlight: 8 };
        const network = new VirtualNetwork({ seed, faults: faults(0.3), server: { limits } });
        network.run({ calls: 100, deadlineMs: 8000 });
        for (const { executions } of network.records) expect(executions, `seed ${seed}`).toBeLessThanOrEqual(1);
      }
    });

    test("a reply too large for an unknown address costs one more round trip, and still one execution", () => {
      const long = "x".repeat(1000);
      for (const seed of seeds) {
        const network = new VirtualNetwork({ seed, faults: faults(0.1), peer: remotePeer, reply: () => long });
        network.run({ calls: 20, deadlineMs: 20_000 });
        for (const { executions } of network.records) expect(executions).toBeLessThanOrEqual(1);
        const answered = network.records.filter(({ outcome }) => outcome.kind === "reply");
        expect(answered.length, `seed ${seed}`).toBeGreaterThanOrEqual(18);
      }
    });

    test("the same seed gives the same history", () => {
      const histories = [1, 2].map(() => {
        const network = new VirtualNetwork({ seed: 42, faults: faults(0.3), peer: loopbackPeer });
        network.run({ calls: 20, deadlineMs: 8000 });
        return network.records.map(({ payload, endedAt, outcome }) => ({ payload, endedAt, kind: outcome.kind }));
      });
      expect(histories[0]).toEqual(histories[1]);
    });
  },
);
