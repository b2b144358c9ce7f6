import { expect, test } from "vitest";
import type { Contestant } from "../engine/contestant.ts";
import { race } from "../engine/race.ts";
import { verdict } from "../engine/result.ts";

/** A contestant whose slices cost what a list says, and which notes its turns. */
function scripted(name: string, costs: readonly number[], turns: string[] = []): Contestant {
  return {
    name,
    configuration: "",
    async start() {
      let slice = 0;
      return {
        async slice() {
          turns.push(name);
          return { cpuUs: costs[slice++ % costs.length]!, perSecond: 1000 };
        },
        async [Symbol.asyncDispose]() {
          turns.push(`${name} stops`);
        },
      };
    },
  };
}

const options = { slices: 4, sliceMs: 1, warmUpMs: 0, ratios: [] };

test("contestants take turns forwards and backwards, each of them first and last, and all are stopped", async () => {
  const turns: string[] = [];
  await race("", [scripted("a", [1], turns), scripted("b", [1], turns)], options);
  expect(turns.join(" ")).toBe("a b b a b a a b b stops a stops");
});

test("a ratio is of slices that were neighbours, so that a slow stretch of the machine is in both", async () => {
  const ours = scripted("ours", [10, 10, 100, 10]);
  const theirs = scripted("theirs", [20, 20, 200, 20]);
  const ratios = [{ over: "theirs", by: "cpuUs", target: { atLeast: 1.9 } }];
  const { ratios: measured, rows } = await race("", [ours, theirs], { ...options, ratios });
  expect(measured).toEqual([
    { subject: "ours", over: "theirs", by: "server CPU", value: 2, low: 2, high: 2, target: { atLeast: 1.9 } },
  ]);
  expect(rows[0]!.figures["cpuUs"]).toEqual({ median: 10, least: 10, most: 100 });
});

test("an upper bound asks how many times as much ours takes", async () => {
  const ratios = [{ over: "theirs", by: "cpuUs", target: { atMost: 1.1 } }];
  const { ratios: measured } = await race("", [scripted("ours", [12]), scripted("theirs", [10])], {
    ...options,
    ratios,
  });
  expect(measured[0]!.value).toBe(1.2);
  expect(verdict(measured[0]!)).toBe("not reached");
});

test("over several peers, the one that comes closest counts", async () => {
  const all = [scripted("ours", [10]), scripted("slow", [50]), scripted("fast", [30])];
  const ratios = [{ over: ["slow", "fast"], by: "cpuUs" }];
  const { ratios: measured } = await race("", all, { ...options, ratios });
  expect(measured[0]).toMatchObject({ over: "fast", value: 3 });
});

test("without a peer, it is the figure itself", async () => {
  const ratios = [{ by: "cpuUs", target: { atMost: 3.5 } }];
  const { ratios: measured } = await race("", [scripted("ours", [3])], { ...options, ratios });
  expect(measured[0]).toMatchObject({ subject: "ours", value: 3 });
  expect(measured[0]).not.toHaveProperty("over");
});

test("who is not installed is named, with what to install, and the others are compared", async () => {
  const absent = { ...scripted("theirs", [1]), missing: () => "not installed; apt-get install theirs" };
  const ratios = [{ over: "theirs", by: "cpuUs" }];
  const { rows, ratios: measured, notRun } = await race("", [scripted("ours", [1]), absent], { ...options, ratios });
  expect(rows.map(({ name }) => name)).toEqual(["ours"]);
  expect(measured).toEqual([]);
  expect(notRun).toEqual(["theirs: not installed; apt-get install theirs"]);
});

test("a verdict says when the interval leaves it open", () => {
  const ratio = { subject: "ours", over: "theirs", by: "p50", target: { atLeast: 1 } };
  expect(verdict({ ...ratio, value: 1.1, low: 1.05, high: 1.2 })).toBe("reached");
  expect(verdict({ ...ratio, value: 1.1, low: 0.9, high: 1.2 })).toBe("reached, within the noise");
  expect(verdict({ ...ratio, value: 0.9, low: 0.8, high: 0.95 })).toBe("not reached");
  expect(verdict({ ...ratio, value: 0.9, low: 0.8, high: 1.1 })).toBe("not reached, within the noise");
  expect(verdict({ ...ratio, value: 1, low: 1, high: 1 })).toBe("reached");
});
