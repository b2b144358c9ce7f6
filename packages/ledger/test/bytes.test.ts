import { ByteReader, ByteWriter } from "@tallyline/ledger/journal";
import fc from "fast-check";
import { expect, test } from "vitest";

test("what is written as bytes is read again, of any size", () => {
  const ascii = fc.string({ unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)) });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.maxSafeNat(), fc.bigInt(0n, 2n ** 130n), fc.string({ unit: "grapheme" }), ascii)),
      (values) => {
        const writer = new ByteWriter();
        for (const [number, bigint, text, name] of values) {
          writer.number(number);
          writer.bigint(bigint);
          writer.text(text);
          writer.number(name.length);
          writer.ascii(name);
        }
        const reader = new ByteReader(writer.view());
        for (const each of values) {
          expect([reader.number(), reader.bigint(), reader.text(), reader.text()]).toEqual(each);
        }
        expect(() => reader.byte()).toThrow(RangeError);
      },
    ),
  );
});

test("what is not ASCII is refused as such, and nothing of it is written", () => {
  const writer = new ByteWriter();
  writer.ascii("a");
  expect(() => writer.ascii("zoë")).toThrow('"zoë" is not ASCII');
  expect([...writer.view()]).toEqual([0x61]);
});
