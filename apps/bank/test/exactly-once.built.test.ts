import { join } from "node:path";
import { startServer, temporaryFolder } from "@tallyline/program/testing";
import { describe, expect, test } from "vitest";
import { exactlyOnce, type Victim } from "./exactly-once.ts";

const app = join(import.meta.dirname, "..");

/** Servers on the books of one folder, each killed with SIGKILL. */
function serverOn(folder: string): () => Promise<Victim> {
  return async () => {
    const server = await startServer({
      app,
      program: "bank-server",
      args: ["--port", "0", "--log-level", "error"],
      folder,
    });
    return { port: server.ports[0]!, kill: async () => void (await server.stop("SIGKILL")) };
  };
}

// The short form of bench/exactly-once.ts.
describe(
  "clients of a bank that is killed, behind a network that cuts, delays, doubles and swallows",
  { timeout: 180_000 },
  () => {
    test("each transfer happened once, or was declined, or is fenced; and the books agree", async () => {
      using folder = temporaryFolder();
      const report = await exactlyOnce({ start: serverOn(folder.path), transfers: 300, kills: 1, seed: 1 });
      expect(report.violations).toEqual([]);
      expect(report.done + report.declined + report.fenced).toBeGreaterThanOrEqual(300);
      expect(report).toMatchObject({ kills: 1 });
      // Otherwise nothing was shown: the network has done its worst.
      expect(Math.min(report.done, report.declined, report.replayed, report.duplicates)).toBeGreaterThan(0);
      expect(report.connections).toBeGreaterThan(30);
    });

    test.each(["ids", "settling"] as const)("a client without %s is found out", async (without) => {
      using folder = temporaryFolder();
      const report = await exactlyOnce({ start: serverOn(folder.path), transfers: 200, kills: 0, seed: 2, without });
      expect(report.violations.length).toBeGreaterThan(0);
    });
  },
);
