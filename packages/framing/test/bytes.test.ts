import { chunks, EncodeError, lengthPrefixed, lines, map } from "@tallyline/framing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, cutAt, eventsOf, quickEventsOf, summary } from "./streams.ts";

const kinds = ([2, 4] as const).flatMap((prefixBytes) =>
  (["big", "little"] as const).map((endian) => ({ prefixBytes, endian, maxFrameBytes: 300 })),
);

test.each(kinds)("length-prefixed frames come back at any split: %j", (options) => {
  const codec = lengthPrefixed(options);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.array(fc.nat()), (messages, offsets) => {
      const stream = Buffer.concat(messages.map((message) => codec.encode(message)));
      const expected = messages.map((message) => `<${Buffer.from(message).toString("hex")}>`);
      expect(summary(eventsOf(codec, cutAt(stream, offsets)))).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test.each(kinds)("a stream cut inside a prefix, right after it, or inside a frame is truncated: %j", (options) => {
  const codec = lengthPrefixed(options);
  const stream = codec.encode(bytesOf("1000"));
  for (let cut = 1; cut < stream.length; cut += 1) {
    expect(summary(eventsOf(codec, [stream.subarray(0, cut)]))).toEqual(["lost FRAME_TRUNCATED"]);
    expect(summary(eventsOf(codec, cutAt(stream.subarray(0, cut), [...stream.keys()])))).toEqual([
      "lost FRAME_TRUNCATED",
    ]);
  }
});

test("truncation says how much came and how much was due", () => {
  const codec = lengthPrefixed({ prefixBytes: 4 });
  expect(eventsOf(codec, [codec.encode(bytesOf("1000")).subarray(0, 6)])[0]).toMatchObject({
    error: { message: "stream ended after 6 bytes of a frame of 8 with its prefix" },
  });
  expect(eventsOf(codec, [Uint8Array.of(0)])[0]).toMatchObject({
    error: { message: "stream ended after 1 bytes of the 4 bytes of a prefix" },
  });
});

test("a prefix alone takes no memory for the frame that it announces", () => {
  const codec = lengthPrefixed({ prefixBytes: 4, maxFrameBytes: 2 ** 30 });
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 1_000 }, () => codec.decoder());
  for (const decoder of decoders) {
    decoder.push(Uint8Array.of(0x3f, 0xff, 0xff, 0xff));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.pendingBytes).toBe(4);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
});

test("lengths at the limit pass, one more loses the stream, and no length is taken for negative", () => {
  const codec = lengthPrefixed({ prefixBytes: 4, maxFrameBytes: 100 });
  for (const length of [0, 99, 100]) expect(eventsOf(codec, [announce(length)])[0]?.kind).toBe("message");
  for (const length of [101, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    expect(eventsOf(codec, [announce(length)])).toEqual([
      { kind: "lost", error: { code: "FRAME_TOO_LONG", message: `frame is ${length} bytes, limit is 100` } },
    ]);
  }
});

/** A prefix that announces the length, and as much of the frame as the limit allows. */
function announce(length: number): Uint8Array {
  const bytes = new Uint8Array(4 + Math.min(length, 100));
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

test("every read is a chunk, and empty reads are none", () => {
  const codec = chunks({ maxChunkBytes: 3 });
  const pieces = [bytesOf("ab"), bytesOf(""), bytesOf("c"), bytesOf("defg"), bytesOf("h")];
  expect(summary(eventsOf(codec, pieces))).toEqual(["<6162>", "<63>", "bad FRAME_TOO_LONG", "<68>"]);
});

test("chunks counts what was pushed and not yet given out", () => {
  const decoder = chunks().decoder();
  decoder.push(bytesOf("abc"));
  decoder.push(bytesOf("de"));
  expect(decoder.pendingBytes).toBe(5);
  decoder.next();
  expect(decoder.pendingBytes).toBe(2);
});

test("a mapped codec translates messages and leaves errors alone", () => {
  const numbers = map(lines({ maxLineBytes: 4 }), { decode: Number, encode: (value: number) => String(value) });
  expect(eventsOf(numbers, [bytesOf("1\n12345\n2\n3")])).toMatchObject([
    { kind: "message", message: 1 },
    { kind: "bad", error: { code: "FRAME_TOO_LONG" } },
    { kind: "message", message: 2 },
    { kind: "lost", error: { code: "FRAME_TRUNCATED" } },
  ]);
  expect(numbers.encode(17)).toEqual(bytesOf("17\n"));
  expect(numbers.encodeText?.(17)).toBe("17\n");
  expect(map(chunks(), { decode: String, encode: bytesOf }).encodeText).toBeUndefined();
});

test("a message that is mapped to undefined is a message, with or without an event around it", () => {
  const known = map(lines(), { decode: (line) => (line === "?" ? undefined : line), encode: (line: string) => line });
  const stream = [bytesOf("a\n?\n?\nb\n"), bytesOf("?\nc\n")];
  const messages = ["a", undefined, undefined, "b", undefined, "c"];
  expect(eventsOf(known, stream)).toEqual(messages.map((message) => ({ kind: "message", message })));
  expect(quickEventsOf(known, stream)).toEqual(eventsOf(known, stream));
});

test("frames that cannot be written are refused whole", () => {
  const frames = lengthPrefixed({ prefixBytes: 2, maxFrameBytes: 4 });
  expect(() => frames.encode(new Uint8Array(5))).toThrow(
    new EncodeError("MESSAGE_TOO_LONG", "frame is 5 bytes, limit is 4"),
  );
  const reads = chunks({ maxChunkBytes: 4 });
  expect(() => reads.encode(new Uint8Array(5))).toThrow(
    new EncodeError("MESSAGE_TOO_LONG", "chunk is 5 bytes, limit is 4"),
  );
  expect(() => reads.encode(new Uint8Array(0))).toThrow(
    new EncodeError("EMPTY_MESSAGE", "chunk is 0 bytes, must be at least 1"),
  );
});

test.each([
  [() => lengthPrefixed({ prefixBytes: 3 as never }), "prefixBytes is 3, must be 2 or 4"],
  [() => lengthPrefixed({ prefixBytes: 2, endian: "middle" as never }), "endian is middle, must be big or little"],
  [
    () => lengthPrefixed({ prefixBytes: 2, maxFrameBytes: 65_536 }),
    "maxFrameBytes is 65536, must be a whole number from 1 to 65535",
  ],
  [
    () => lengthPrefixed({ prefixBytes: 4, maxFrameBytes: -1 }),
    "maxFrameBytes is -1, must be a whole number from 1 to 4294967295",
  ],
  [
    () => lengthPrefixed({ prefixBytes: 4, max: 1 } as never),
    'lengthPrefixed has no option "max"; it has prefixBytes, endian, maxFrameBytes',
  ],
  [() => chunks({ maxChunkBytes: 0.5 }), "maxChunkBytes is 0.5, must be a whole number from 1 to 16777216"],
])("bad options are refused: %s", (make, message) => {
  expect(make).toThrow(message);
});
