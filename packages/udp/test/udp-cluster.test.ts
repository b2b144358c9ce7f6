import cluster from "node:cluster";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("workers of a cluster share no socket: a copy of a request would reach one that has not run it (no. 54)", async () => {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL("cluster-worker.ts", import.meta.url)),
    execArgv: process.env["VITEST_TARGET"] === "dist" ? [] : ["--conditions=@tallyline/source"],
  });
  const workers = [cluster.fork(), cluster.fork()];
  const messages = (await Promise.all(workers.map((worker) => once(worker, "message")))) as [{ port: number }][];
  const exits = workers.map((worker) => once(worker, "exit"));
  for (const worker of workers) worker.kill();
  await Promise.all(exits);
  // Node gives all workers that ask for port 0 the same socket, unless they ask for their own.
  const ports = messages.map(([{ port }]) => port);
  expect(new Set(ports).size).toBe(2);
});
