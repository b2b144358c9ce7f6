import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@tallyline/program/testing";
import { expect, test } from "vitest";
import { openHistory } from "../src/history.ts";

const noFailure = (error: unknown) => expect.unreachable(String(error));

test("lines are there in the next session, in a file that only their owner can read", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "state", "tallyline", "history");
  const first = openHistory(path, noFailure);
  expect(first.lines).toEqual([]);
  first.add("2 + 2");
  first.add("ans * 2");
  expect(openHistory(path, noFailure).lines).toEqual(["2 + 2", "ans * 2"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder.path, "state", "tallyline")).mode & 0o777).toBe(0o700);
});

test("sessions at the same time keep each other's lines", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "history");
  const [one, other] = [openHistory(path, noFailure), openHistory(path, noFailure)];
  one.add("1");
  other.add("2");
  one.add("3");
  expect(openHistory(path, noFailure).lines).toEqual(["1", "2", "3"]);
});

test("the newest thousand lines are kept, and none that no server would take", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "history");
  writeFileSync(path, Array.from({ length: 1500 }, (_, index) => `${index}\n`).join(""));
  const { lines, add } = openHistory(path, noFailure);
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([1000, "500", "1499"]);
  add("9".repeat(8193));
  add("9".repeat(8192));
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(1002);
});

test("an empty path keeps nothing", () => {
  const { lines, add } = openHistory("", noFailure);
  add("2 + 2");
  expect(lines).toEqual([]);
});

test("a file that cannot be used is reported once, and the session goes on", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "history");
  mkdirSync(path);
  chmodSync(path, 0o700);
  const failures: unknown[] = [];
  const { lines, add } = openHistory(path, (error) => failures.push(error));
  add("1");
  add("2");
  expect(lines).toEqual([]);
  expect(failures).toHaveLength(1);
});
