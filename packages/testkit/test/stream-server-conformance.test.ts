import { createVirtualClock, streamServerConformance, type StreamFaults } from "@tallyline/testkit";
import { expect, test } from "vitest";
import { failuresOf } from "./failures.ts";
import { type ServerFault, startToyServer, toyExchanges } from "./toy-server.ts";

function failures(fault?: ServerFault, faults?: StreamFaults): Promise<Map<string, string>> {
  const clock = createVirtualClock();
  const cases = streamServerConformance({
    start: () => Promise.resolve(startToyServer(clock, fault, faults)),
    exchanges: toyExchanges,
    after: clock.after,
    maxDeafBytes: 2 ** 15,
  });
  return failuresOf(cases, (promise) => clock.drive(promise));
}

test.each<[string, StreamFaults]>([
  ["a quiet wire", {}],
  ["single bytes", { splitBytes: 1 }],
  ["a slow wire", { delayMs: 3, jitterMs: 3 }],
])("a server that is right passes every case, over %s", async (_, faults) => {
  expect(await failures(undefined, faults)).toEqual(new Map());
});

test.each<[ServerFault, string]>([
  ["takes every read for a request", "answers the same however the requests are split"],
  ["runs the tail", "executes nothing of a request that the end of the stream cut off"],
  ["hangs up on half-close", "answers everything that was asked before the client ended its side, then ends its own"],
  ["never ends its side", "answers everything that was asked before the client ended its side, then ends its own"],
  ["answers out of order", "answers pipelined requests in their order"],
  ["dies of a reset", "goes on serving others after a reset at any point"],
  ["serves one client at a time", "goes on serving others while one client sends and never reads"],
  ["reads on from a client that never reads", "holds little for a client that asks and never reads"],
  ["dies of strange bytes", "survives any bytes, and ends the connection after the client has"],
  ["drain waits for clients", "drain ends, and so does every connection, whatever the clients do"],
  ["drain leaves connections open", "drain ends, and so does every connection, whatever the clients do"],
])("a server that %s fails", async (fault, name) => {
  const [...names] = (await failures(fault)).keys();
  expect(names).toContain(name);
});

test("a server that executes what a reset cut off fails by its count", async () => {
  const clock = createVirtualClock();
  const start = () => {
    const server = startToyServer(clock);
    return Promise.resolve({ ...server, executed: () => (server.executed?.() ?? 0) * 2 });
  };
  const cases = streamServerConformance({ start, exchanges: toyExchanges, after: clock.after });
  const found = await failuresOf(cases, (promise) => clock.drive(promise));
  expect(found.get("executes nothing of a request that a reset cut off")).toMatch(/requests were executed, at most/);
});

test("failures say what was sent and what came", async () => {
  const found = await failures("runs the tail");
  expect(found.get("executes nothing of a request that the end of the stream cut off")).toBe(
    "ConformanceError: requests executed of a stream cut after 1 bytes: got 1, expected 0",
  );
  expect((await failures("never ends its side")).values().next().value).toContain(
    "the end of the stream, after half-close, has not happened after 10000 ms",
  );
});

test("one exchange alone proves nothing about order", () => {
  const { after } = createVirtualClock();
  const start = () => Promise.reject(new Error("never started"));
  expect(() => streamServerConformance({ start, exchanges: toyExchanges.slice(1, 2), after })).toThrow(
    "there are 1 exchanges, at least 2 are needed",
  );
});
