import { byteByByte, coalesced, createRandom, cutAt, randomPieces, splitsOf } from "@tallyline/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";

test("the pieces of every split, joined, are the stream", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 1000 }), (stream, seed) => {
      for (const { name, pieces } of splitsOf(stream, { seed })) expect(coalesced(pieces), name).toEqual(stream);
    }),
    { numRuns: 30 },
  );
});

test("every index is cut at, and the names say where", () => {
  const splits = [...splitsOf(bytesOf("abc"), { randomSplits: 1 })];
  expect(splits.map(({ name, pieces }) => `${name}: ${pieces.map(textOf).join("|")}`)).toEqual([
    "whole: abc",
    "byte by byte: a|b|c",
    "byte by byte, with empty pieces: |a||b||c",
    "at index 1: a|bc",
    "at index 2: ab|c",
    expect.stringMatching(/^random, seed \d+: /),
  ]);
});

test("a long stream is cut at as many indexes as asked, at random", () => {
  const splits = [...splitsOf(new Uint8Array(10_000), { randomSplits: 0, maxIndexes: 50 })];
  expect(splits.filter(({ name }) => name.startsWith("at index"))).toHaveLength(50);
});

test("random pieces are never empty, and the same for the same seed", () => {
  const stream = createRandom(1).bytes(500);
  const pieces = randomPieces(stream, createRandom(5));
  expect(pieces.every((piece) => piece.length > 0)).toBe(true);
  expect(pieces).toEqual(randomPieces(stream, createRandom(5)));
  expect(pieces.length).toBeGreaterThan(3);
});

test("cuts are taken in any order and once", () => {
  expect(cutAt(bytesOf("abcdef"), [4, 2, 4, 0, 6]).map(textOf)).toEqual(["ab", "cd", "ef"]);
  expect(byteByByte(bytesOf(""))).toEqual([]);
  expect(() => cutAt(bytesOf("ab"), [3])).toThrow("index is 3, must be a whole number from 0 to 2");
  expect(() => [...splitsOf(bytesOf("ab"), { sed: 1 } as never)]).toThrow('has no option "sed"');
});
