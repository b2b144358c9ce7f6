// The disk on which the crash suite cuts the power.
import { expect, test } from "vitest";
import { Disk, losses } from "../crash/disk.ts";
import { powerLosses } from "../crash/power-loss.ts";
import { Random } from "../crash/random.ts";
import type { StorageCall } from "../crash/write-log.ts";

const create = (name: string): StorageCall => ({ kind: "create", name });
const sync = (name: string, isFailed = false): StorageCall => ({ kind: "sync", name, isFailed });
const write = (name: string, position: number, letter: string, count: number): StorageCall => ({
  kind: "write",
  name,
  position,
  bytes: Buffer.alloc(count, letter),
});

/** All that power cuts after these calls leave of a file, over many of them; undefined where it is not there. */
function remains(calls: readonly StorageCall[], name: string): Set<string | undefined> {
  const found = new Set<string | undefined>();
  for (let seed = 0; seed < 50; seed += 1) {
    const disk = new Disk(new Random(seed), new Map());
    for (const call of calls) disk.apply(call);
    for (const loss of losses) found.add(disk.image(loss).get(name)?.toString("latin1"));
  }
  return found;
}

test("what was synced, file and folder, survives every power cut", () => {
  const calls = [create("f"), write("f", 0, "a", 4), sync("f"), sync("")];
  expect(remains(calls, "f")).toEqual(new Set(["aaaa"]));
});

test("a file can be gone until its folder was synced, and it can be back until its removal was", () => {
  const made = [create("f"), write("f", 0, "a", 4), sync("f")];
  expect(remains(made, "f")).toEqual(new Set([undefined, "aaaa"]));
  const removed: StorageCall[] = [...made, sync(""), { kind: "unlink", name: "f" }];
  expect(remains(removed, "f")).toEqual(new Set([undefined, "aaaa"]));
  expect(remains([...removed, sync("")], "f")).toEqual(new Set([undefined]));
});

test("a file that takes another's name is there under one of the two, and its bytes with it", () => {
  const calls = [create("new"), write("new", 0, "b", 4), sync("new"), create("f"), sync("f"), sync("")];
  const renamed: StorageCall[] = [...calls, { kind: "rename", name: "new", newName: "f" }];
  expect(remains(renamed, "f")).toEqual(new Set(["", "bbbb"]));
  expect(remains([...renamed, sync("")], "f")).toEqual(new Set(["bbbb"]));
});

test("a later write can survive an earlier one", () => {
  const calls = [create("f"), sync(""), write("f", 0, "a", 2), write("f", 2, "b", 2)];
  expect(remains(calls, "f")).toEqual(new Set(["", "aabb", "aa", "\0\0bb", "\0\0", "\0\0\0\0", "aa\0\0"]));
});

test("a write is torn between sectors, and never within one", () => {
  const calls = [create("f"), write("f", 0, "-", 1536), sync("f"), sync(""), write("f", 256, "x", 768)];
  const sector = (letter: string, count: number) => letter.repeat(count);
  const shapes = [...remains(calls, "f")].map((found) => [found?.slice(256, 512), found?.slice(512, 1024)]);
  expect(new Set(shapes.map(([first]) => first))).toEqual(new Set([sector("-", 256), sector("x", 256)]));
  expect(new Set(shapes.map(([, second]) => second))).toEqual(new Set([sector("-", 512), sector("x", 512)]));
  expect(shapes).toContainEqual([sector("x", 256), sector("-", 512)]);
  expect(shapes).toContainEqual([sector("-", 256), sector("x", 512)]);
});

test("what a failed sync was to make durable can be lost for good, though a later one works", () => {
  const calls = [create("f"), sync(""), write("f", 0, "a", 4), sync("f", true), write("f", 4, "b", 4), sync("f")];
  expect(remains(calls, "f")).toEqual(new Set(["aaaabbbb", "\0\0\0\0bbbb"]));
});

test("cuts are spread over the whole run, and what was told before each is never lost", () => {
  const calls = Array.from({ length: 100 }, () => write("history", 0, ".", 1));
  const cuts = [...powerLosses({ start: { files: new Map(), history: "!" }, calls }, new Random(1), 20)];
  expect(cuts.map(({ history }) => history.length)).toEqual(cuts.map(({ cut }) => cut + 1));
  expect(cuts.every(({ cut }, index) => index === 19 || Math.floor(cut / 5) === index)).toBe(true);
  expect(cuts.at(-1)?.cut).toBe(100);
});
