import { EncodeError, lines } from "@tallyline/framing";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, cutAt, eventsOf, quickEventsOf, summary } from "./streams.ts";

const small = lines({ maxLineBytes: 8, maxWrittenLineBytes: 8 });
const strict = lines({ maxLineBytes: 8, onTooLong: "close" });

/** Streams with every difficulty in them: short and long lines, CR in odd places, broken and whole characters. */
const difficultStream = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "a\n",
        "\n",
        "\r\n",
        "a\r\r\n",
        "b\rc\n",
        "\n\r",
        "12345678\n",
        "1234567\r\n",
        "123456789\n",
        "é€😀\n",
        "\0\n",
      ),
      fc.constantFrom("much longer than the limit is\n", "ééééé\n", "éééé\n", "tail", "\u{FEFF}x\n"),
    ),
  )
  .chain((parts) =>
    fc
      .array(
        fc.record({ at: fc.nat(), bytes: fc.constantFrom([0xc3, 0x28], [0xff], [0xed, 0xa0, 0x80], [0xc0, 0xaf]) }),
        {
          maxLength: 2,
        },
      )
      .map((breaks) => {
        let bytes = [...bytesOf(parts.join(""))];
        for (const { at, bytes: broken } of breaks) bytes = bytes.toSpliced(at % (bytes.length + 1), 0, ...broken);
        return Uint8Array.from(bytes);
      }),
  );

test("any split of a stream gives the same events", () => {
  fc.assert(
    fc.property(difficultStream, fc.array(fc.nat()), (stream, offsets) => {
      for (const codec of [small, strict, lines()]) {
        const whole = eventsOf(codec, [stream]);
        expect(eventsOf(codec, cutAt(stream, offsets))).toEqual(whole);
        expect(eventsOf(codec, cutAt(stream, [...stream.keys()]))).toEqual(whole);
      }
    }),
    { numRuns: 300 },
  );
});

test("messages taken without an event around them are the same, in the same place among the errors", () => {
  fc.assert(
    fc.property(difficultStream, fc.array(fc.nat()), (stream, offsets) => {
      for (const codec of [small, strict, lines()]) {
        expect(quickEventsOf(codec, cutAt(stream, offsets))).toEqual(eventsOf(codec, [stream]));
      }
    }),
    { numRuns: 300 },
  );
});

test("pushing everything before pulling anything gives the same events", () => {
  fc.assert(
    fc.property(difficultStream, fc.array(fc.nat()), (stream, offsets) => {
      const decoder = small.decoder();
      for (const piece of cutAt(stream, offsets)) decoder.push(piece.slice());
      decoder.end();
      const events = [];
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) events.push(event);
      expect(events).toEqual(eventsOf(small, [stream]));
    }),
  );
});

test("a tail cut off at any byte is never a line, and is reported once", () => {
  const stream = bytesOf("withdraw 42 1000\n");
  for (let cut = 1; cut < stream.length; cut += 1) {
    expect(summary(eventsOf(lines(), [stream.subarray(0, cut)]))).toEqual(["lost FRAME_TRUNCATED"]);
  }
  expect(summary(eventsOf(lines(), [stream]))).toEqual(["withdraw 42 1000"]);
});

test("characters split between chunks arrive whole", () => {
  const stream = bytesOf("é€😀\n");
  for (let cut = 0; cut <= stream.length; cut += 1) {
    expect(summary(eventsOf(lines(), cutAt(stream, [cut])))).toEqual(["é€😀"]);
  }
});

test("a line that is not UTF-8 is bad, and only that line", () => {
  for (const broken of [[0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff]]) {
    const stream = Uint8Array.from([...bytesOf("a\n"), ...broken, ...bytesOf("\nb\n")]);
    expect(summary(eventsOf(lines(), [stream]))).toEqual(["a", "bad INVALID_UTF8", "b"]);
  }
});

test("the limit is exact: bytes, not characters, with the CR and without the LF", () => {
  const accepted = ["1234567\n", "12345678\n", "1234567\r\n", "éééé\n", "€€\r\n"];
  const refused = ["123456789\n", "12345678\r\n", "ééééx\n", "€€€\n"];
  for (const line of accepted) {
    for (const pieces of [[bytesOf(line)], cutAt(bytesOf(line), [...bytesOf(line).keys()])]) {
      expect(summary(eventsOf(small, pieces))).toEqual([line.trimEnd()]);
    }
  }
  for (const line of refused) {
    for (const pieces of [[bytesOf(line)], cutAt(bytesOf(line), [...bytesOf(line).keys()])]) {
      expect(summary(eventsOf(small, pieces))).toEqual(["bad FRAME_TOO_LONG"]);
      expect(summary(eventsOf(strict, pieces))).toEqual(["lost FRAME_TOO_LONG"]);
    }
  }
});

test("many short lines in one chunk are not one long line", () => {
  const stream = bytesOf("12345678\n".repeat(100));
  expect(summary(eventsOf(strict, [stream]))).toEqual(Array.from({ length: 100 }, () => "12345678"));
});

test("an overlong line is reported once, holds no memory, and the next line is read", () => {
  const decoder = small.decoder();
  const flood = bytesOf("x".repeat(1_000));
  const events = [];
  for (let i = 0; i < 1_000; i += 1) {
    decoder.push(flood);
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) events.push(event);
    expect(decoder.pendingBytes).toBe(1);
  }
  decoder.push(bytesOf("\nok\n"));
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) events.push(event);
  expect(summary(events)).toEqual(["bad FRAME_TOO_LONG", "ok"]);
  expect(decoder.pendingBytes).toBe(0);
});

test("an overlong line is refused with both numbers", () => {
  expect(eventsOf(small, [bytesOf("123456789")], false)).toEqual([
    { kind: "bad", error: { code: "FRAME_TOO_LONG", message: "line is at least 9 bytes, limit is 8" } },
  ]);
});

test("one CR before the LF is taken off; other CRs, NUL and a byte order mark are content", () => {
  const stream = bytesOf("a\r\r\n\r\n\rb\nc\rd\n\0\n\u{FEFF}e\n");
  expect(summary(eventsOf(lines(), [stream]))).toEqual(["a\r", "", "\rb", "c\rd", "\0", "\u{FEFF}e"]);
});

test("nothing comes after the end or after a lost stream", () => {
  const ended = lines().decoder();
  ended.end();
  ended.push(bytesOf("a\n"));
  expect(ended.next()).toBeUndefined();

  const lost = strict.decoder();
  lost.push(bytesOf("123456789\nok\n"));
  expect(lost.next()?.kind).toBe("lost");
  lost.push(bytesOf("ok\n"));
  lost.end();
  expect(lost.next()).toBeUndefined();
  expect(lost.pendingBytes).toBe(0);
});

test("what was pushed is pending until it is given out", () => {
  const decoder = lines().decoder();
  decoder.push(bytesOf("ab\ncd"));
  expect(decoder.pendingBytes).toBe(5);
  expect(decoder.next()).toEqual({ kind: "message", message: "ab" });
  expect(decoder.next()).toBeUndefined();
  expect(decoder.pendingBytes).toBe(2);
});

/** Any characters. What ASCII has comes up more often: line endings are there. */
function anyText(maxLength: number): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  );
  return fc.array(character, { maxLength }).map((characters) => String.fromCodePoint(...characters));
}

test("decoding what was encoded gives the line back, and only lines that would not come back are refused", () => {
  fc.assert(
    fc.property(anyText(12), (line) => {
      const refusal = /[\r\n]/.test(line)
        ? "DELIMITER_IN_MESSAGE"
        : bytesOf(line).length > 8
          ? "MESSAGE_TOO_LONG"
          : undefined;
      expect(roundTrip(line)).toEqual(refusal ?? [line]);
    }),
    { numRuns: 500 },
  );
});

/** The events of the encoded line, or the code of its refusal. */
function roundTrip(line: string): string[] | string {
  try {
    const frame = small.encode(line);
    expect(bytesOf(small.encodeText?.(line) ?? "")).toEqual(frame);
    return summary(eventsOf(small, [frame]));
  } catch (error) {
    if (error instanceof EncodeError) return error.code;
    throw error;
  }
}

test.each([
  ["a\nb", "DELIMITER_IN_MESSAGE", "line has LF at index 1 of 3"],
  ["ab\r", "DELIMITER_IN_MESSAGE", "line has CR at index 2 of 3"],
  ["x\uD800", "INVALID_TEXT", "line has half a surrogate pair at index 1 of 2"],
  ["123456789", "MESSAGE_TOO_LONG", "line is 9 bytes, limit is 8"],
  ["€€€", "MESSAGE_TOO_LONG", "line is 9 bytes, limit is 8"],
])("encoding %j is refused as %s", (line, code, message) => {
  const error = expect.objectContaining({ name: "EncodeError", code, message });
  expect(() => small.encode(line)).toThrow(error);
  expect(() => small.encodeText?.(line)).toThrow(error);
});

test("the bytes that are scanned and copied grow in step with the stream, however it is split", () => {
  // Counted, not timed: every byte that the decoder asks the host to search or copy goes through these methods.
  let touched = 0;
  class Counted extends Uint8Array {
    override indexOf(value: number, from = 0): number {
      const at = super.indexOf(value, from);
      touched += (at < 0 ? this.length : at + 1) - from;
      return at;
    }
    override lastIndexOf(value: number): number {
      const at = super.lastIndexOf(value);
      touched += this.length - Math.max(at, 0);
      return at;
    }
  }
  const costOf = (bytes: number, pieceBytes: number): number => {
    touched = 0;
    const decoder = lines({ maxLineBytes: 2 ** 20 }).decoder();
    for (let sent = 0; sent < bytes; sent += pieceBytes) {
      decoder.push(new Counted(pieceBytes).fill(0x78));
      if (decoder.next() !== undefined) throw new Error("no line has ended yet");
    }
    return touched;
  };
  for (const pieceBytes of [1, 1_400]) {
    expect(costOf(70_000, pieceBytes)).toBeLessThanOrEqual(70_000 + pieceBytes);
  }
});

test("short strings kept from large chunks do not keep the chunks", () => {
  const kept: string[] = [];
  const filler = `${"y".repeat(1_000)}\n`.repeat(60);
  const heapBefore = heapUsed();
  for (let i = 0; i < 400; i += 1) {
    const decoder = lines().decoder();
    decoder.push(bytesOf(`key-${String(i).padStart(6, "0")}\n${filler}`));
    const first = decoder.next();
    if (first?.kind === "message") kept.push(first.message);
  }
  expect(kept).toHaveLength(400);
  // 400 chunks are 24 MB.
  expect(heapUsed() - heapBefore).toBeLessThan(8_000_000);
});

function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test.each([
  [{ maxLineBytes: 0 }, RangeError, "maxLineBytes is 0, must be a whole number from 1 to 16777216"],
  [{ maxLineBytes: Number.NaN }, RangeError, "maxLineBytes is NaN, must be a whole number from 1 to 16777216"],
  [{ maxLineBytes: Infinity }, RangeError, "maxLineBytes is Infinity, must be a whole number from 1 to 16777216"],
  [{ onTooLong: "ignore" }, TypeError, "onTooLong is ignore, must be skip or close"],
  [{ maxLine: 5 }, TypeError, 'lines has no option "maxLine"; it has maxLineBytes, maxWrittenLineBytes, onTooLong'],
])("the options %j are refused", (options, errorClass, message) => {
  expect(() => lines(options as never)).toThrow(new errorClass(message));
});
