import { chunks, type Codec, lengthPrefixed, lines, map } from "@tallyline/framing";
import { expect, test } from "vitest";

/** FRAMING_FUZZ=1000000 is the long form, of about a minute for each codec. */
const count = Number(process.env["FRAMING_FUZZ"] ?? 20_000);
const timeout = Math.max(30_000, count / 5);

const text = lines({ maxLineBytes: 16 });
const codecs: readonly (readonly [name: string, codec: Codec<unknown, never>, mostHeldBytes: number])[] = [
  ["lines that skip what is too long", text, 16],
  ["lines that close on it", lines({ maxLineBytes: 16, onTooLong: "close" }), 16],
  ["lines, mapped", map(text, { decode: (line) => (line === "" ? undefined : line), encode: String }), 16],
  ["length-prefixed, 2 bytes", lengthPrefixed({ prefixBytes: 2, maxFrameBytes: 300 }), 302],
  ["length-prefixed, 4 bytes, little", lengthPrefixed({ prefixBytes: 4, endian: "little", maxFrameBytes: 300 }), 304],
  ["chunks", chunks({ maxChunkBytes: 20 }), 0],
];

test.each(codecs)(
  `${count} fuzzed chunks make no decoder of %s throw or hang, and it holds no more than a frame`,
  { timeout },
  (_, codec, mostHeldBytes) => {
    const next = fuzzer(1);
    let decoder = codec.decoder();
    let mostBytes = 0;
    for (let i = 0; i < count; i += 1) {
      const chunk = next();
      decoder.push(chunk);
      let isLost = false;
      // An event takes a byte at least, the one about the loss of a stream aside.
      for (let events = 0; events <= chunk.length + mostHeldBytes + 1; events += 1) {
        if (i % 2 === 0 && decoder.nextMessage?.() !== undefined) continue;
        const event = decoder.next();
        if (event === undefined) break;
        isLost = event.kind === "lost";
      }
      if (decoder.next() !== undefined) expect.unreachable(`more events than bytes after chunk ${i}`);
      mostBytes = Math.max(mostBytes, decoder.pendingBytes);
      if (!isLost && i % 100 !== 99) continue;
      decoder.end();
      while (decoder.next() !== undefined);
      decoder = codec.decoder();
    }
    expect(mostBytes).toBeLessThanOrEqual(mostHeldBytes);
  },
);

/** Chunks of noise, of bytes that matter to one of the decoders, or of both. */
function fuzzer(seed: number): () => Uint8Array {
  let state = seed;
  const pick = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const telling = [0, 1, 2, 10, 13, 0x20, 0x61, 0x7f, 0x80, 0xc3, 0xa9, 0xe2, 0x82, 0xed, 0xa0, 0xf0, 0xff];
  return () => {
    const noise = pick(3);
    return Uint8Array.from({ length: pick(40) }, () => (pick(3) < noise ? pick(256) : telling[pick(telling.length)]!));
  };
}
