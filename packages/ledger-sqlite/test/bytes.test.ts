import fc from "fast-check";
import { expect, test } from "vitest";
import { EntryList } from "../src/entry-list.ts";
import { halfSipHash } from "../src/half-sip-hash.ts";
import { IdIndex } from "../src/id-index.ts";

// The first of the vectors that the reference implementation publishes (vectors.h, vectors_hsip64): key 00 01 … 07,
// messages 00, 00 01, …
test.each([
  [0, "218d1f59b9b83cc8"],
  [1, "be552412f8387315"],
  [2, "064f39ef7c50eb57"],
  [3, "ce0f1a45f7060679"],
  [4, "d5e78a175be52ea1"],
])("HalfSipHash of %i bytes is the reference's", (length, expected) => {
  const text = String.fromCharCode(...Array.from({ length }, (_, index) => index));
  const hash = new Uint32Array(2);
  halfSipHash(text, [0x03020100, 0x07060504], hash);
  expect(Buffer.from(hash.buffer).toString("hex")).toBe(expected);
});

test("the index names every place where an id with a hash may be, also where hashes are equal", () => {
  const half = fc.oneof(fc.constant(0), fc.constant(7), fc.nat(0xffffffff));
  fc.assert(
    fc.property(fc.array(fc.tuple(half, half), { maxLength: 200 }), (hashes) => {
      const index = new IdIndex();
      hashes.forEach(([low, high], at) => index.add(low, high, at + 1));
      hashes.forEach(([low, high], at) => expect(index.candidates(low, high)).toContain(at + 1));
      expect(index.candidates(1, 1)).toEqual([]);
    }),
  );
});

test("entries are as they were put in, also after the list grew", () => {
  const entries = new EntryList();
  entries.clear(100);
  const entry = (index: number) => ({
    account: index,
    version: index + 1,
    seq: 7,
    previous: index,
    side: index % 2 === 0 ? ("debit" as const) : ("credit" as const),
    amountMinor: 2n ** 63n - 1n - BigInt(index),
    balanceMinor: BigInt(index) - 2n ** 63n + 1n,
  });
  for (let index = 0; index < 20_000; index += 1) entries.add(entry(index));
  expect(entries.get(100)).toEqual({ position: 100, ...entry(0) });
  expect(entries.get(20_099)).toEqual({ position: 20_099, ...entry(19_999) });
  entries.truncate(101);
  expect(entries.end).toBe(101);
});
