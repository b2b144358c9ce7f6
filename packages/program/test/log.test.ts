import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@tallyline/program/testing";
import { expect, test } from "vitest";
import { Log, type LogLevel } from "../src/log.ts";

/** What stands in a file after the work: the severity and the event of each record. */
async function logged(level: LogLevel, work: (log: Log) => void | Promise<void>): Promise<unknown[]> {
  using folder = temporaryFolder();
  const path = join(folder.path, "log");
  const log = new Log({ name: "tell-time", level, fd: openSync(path, "w") });
  await work(log);
  await log.written();
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const { level: severity, name, event } = JSON.parse(line);
    expect(name).toBe("tell-time");
    return [severity, event];
  });
}

test("records stand in the order in which they were made, the first ones too", async () => {
  const records = await logged("debug", async (log) => {
    log.info({ event: "listening" });
    log.debug({ event: "asked" });
    await log.written();
    log.warn({ event: "late" });
    log.error({ event: "failed", err: new Error("no time") });
  });
  expect(records).toEqual([
    [30, "listening"],
    [20, "asked"],
    [40, "late"],
    [50, "failed"],
  ]);
});

test("once one is written, the next is written when the call returns", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "log");
  const log = new Log({ name: "tell-time", level: "info", fd: openSync(path, "w") });
  log.info({ event: "listening" });
  await log.written();
  log.info({ event: "draining" });
  expect(readFileSync(path, "utf8")).toContain("draining");
});

test("less than the level asks for is not written", async () => {
  const all = (log: Log): void => {
    log.debug({ event: "1" });
    log.info({ event: "2" });
    log.warn({ event: "3" });
    log.error({ event: "4" });
  };
  expect(await logged("warn", all)).toEqual([
    [40, "3"],
    [50, "4"],
  ]);
  expect(await logged("silent", all)).toEqual([]);
});

test("a log that nobody can write to stops nothing", async () => {
  const log = new Log({ name: "tell-time", level: "info", fd: openSync("/dev/full", "w") });
  log.info({ event: "listening" });
  await expect(log.written()).resolves.toBeUndefined();
  log.info({ event: "draining" });
});
