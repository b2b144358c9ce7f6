import cluster from "node:cluster";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("workers of a cluster cannot share a port: a copy of a request would reach one that has not run it (no. 54)", async () => {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL("cluster-worker.ts", import.meta.url)),
    execArgv: process.env["VITEST_TARGET"] === "dist" ? [] : ["--conditions=@tallyline/source"],
  });
  const first = cluster.fork({ UDP_PORT: "0" });
  const [{ port }] = (await once(first, "message")) as [{ port: number }];
  const second = cluster.fork({ UDP_PORT: String(port) });
  const [answer] = (await once(second, "message")) as [unknown];
  const exits = [first, second].map((worker) => once(worker, "exit"));
  for (const worker of [first, second]) worker.kill();
  await Promise.all(exits);
  expect(answer).toEqual({ code: "EADDRINUSE" });
});
