import { type Codec, lengthPrefixed, lines, map } from "@tallyline/framing";
import { codecConformance, type CodecConformanceOptions, type ConformingCodec } from "@tallyline/testkit";
import { describe, expect, test } from "vitest";
import { bytesOf } from "./streams.ts";

// The shape that other people's codecs are judged by is ours.
const text = lines({ maxLineBytes: 16, maxWrittenLineBytes: 16 }) satisfies ConformingCodec<string>;
const words = ["one", "", "deux €", "😀"];
const tooLong = "x".repeat(17);
const lineOf = (bytes: number): Uint8Array => bytesOf(`${"x".repeat(bytes)}\n`);

const ofLines: CodecConformanceOptions<string, string>[] = [
  { codec: text, messages: words },
  { codec: lines({ maxLineBytes: 16, maxWrittenLineBytes: 16, onTooLong: "close" }), messages: words },
  { codec: crlf(text), messages: words.map((word) => word.trim()) },
].map((each) => ({
  ...each,
  refused: ["two\nlines", "half\r", "\ud800", tooLong],
  limit: { maxBytes: 16, frameOf: lineOf },
}));

const ofBytes = ([2, 4] as const).flatMap((prefixBytes) =>
  (["big", "little"] as const).map((endian): CodecConformanceOptions<Uint8Array, Uint8Array> => {
    const maxFrameBytes = 16;
    const prefixOf = (length: number): Uint8Array => {
      const prefix = Array.from({ length: prefixBytes }, (_, i) => Math.floor(length / 2 ** (8 * i)) % 256);
      return Uint8Array.from(endian === "little" ? prefix : prefix.toReversed());
    };
    return {
      codec: lengthPrefixed({ prefixBytes, endian, maxFrameBytes }),
      messages: words.map(bytesOf),
      refused: [new Uint8Array(17)],
      limit: {
        maxBytes: maxFrameBytes,
        frameOf: (bytes) => Uint8Array.of(...prefixOf(bytes), ...new Uint8Array(bytes)),
      },
    };
  }),
);

describe.each(ofLines.map((options, i) => ({ options, kind: ["skip", "close", "CRLF"][i] })))(
  "lines, $kind",
  ({ options }) => {
    test.each(codecConformance(options))("$name", ({ run }) => expect(run).not.toThrow());
  },
);

describe.each(ofBytes.map((options, i) => ({ options, kind: ["2, big", "2, little", "4, big", "4, little"][i] })))(
  "length-prefixed, $kind",
  ({ options }) => {
    test.each(codecConformance(options))("$name", ({ run }) => expect(run).not.toThrow());
  },
);

describe("length-prefixed, 4 bytes, up to 64 MiB", () => {
  const codec = lengthPrefixed({ prefixBytes: 4, maxFrameBytes: 2 ** 26 });
  const allocation = {
    prefix: Uint8Array.of(4, 0, 0, 0),
    announcedBytes: 2 ** 26,
    usedBytes: () => process.memoryUsage().arrayBuffers,
  };
  test.each(codecConformance({ codec, messages: words.map(bytesOf), allocation }))("$name", ({ run }) =>
    expect(run).not.toThrow(),
  );
});

describe("a mapped codec", () => {
  const numbers = map(text, { decode: BigInt, encode: (value: bigint) => String(value) });
  const cases = codecConformance({ codec: numbers, messages: [0n, -1n, 10n ** 15n - 1n], refused: [10n ** 16n] });
  // Noise is no number, and `decode` must not throw; what a mapping makes of noise is not framing's.
  const ours = cases.filter(({ name }) => !name.startsWith("neither throws"));
  test.each(ours)("$name", ({ run }) => expect(run).not.toThrow());
});

/** The codec of lines as its CRLF-speaking peers write. */
function crlf(codec: Codec<string>): Codec<string> {
  return {
    decoder: () => codec.decoder(),
    encode: (line) => bytesOf(`${new TextDecoder().decode(codec.encode(line)).trimEnd()}\r\n`),
  };
}
