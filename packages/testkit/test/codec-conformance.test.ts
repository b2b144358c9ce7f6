import { codecConformance, type CodecConformanceOptions } from "@tallyline/testkit";
import { expect, test } from "vitest";
import { bytesOf } from "./bytes.ts";
import { failuresOf } from "./failures.ts";
import { type CodecFault, toyCodec, toyLimitBytes, toyMessages } from "./toy-codec.ts";

const suite = (fault?: CodecFault, more: Partial<CodecConformanceOptions<Uint8Array, Uint8Array>> = {}) =>
  codecConformance({
    codec: toyCodec(fault),
    messages: toyMessages,
    refused: [bytesOf("two\nlines"), new Uint8Array(toyLimitBytes + 1)],
    limit: {
      maxBytes: toyLimitBytes,
      frameOf: (bytes) => Uint8Array.from({ length: bytes + 1 }, (_, i) => (i < bytes ? 120 : 10)),
    },
    ...more,
  });

test("a codec that is right passes every case", async () => {
  expect(await failuresOf(suite())).toEqual(new Map());
});

test.each<[CodecFault, string]>([
  ["loses a line whose end comes alone", "gives the same events however the stream is split"],
  ["drops what was not pulled", "gives the same events however the stream is split"],
  ["writes over its messages", "reads every message that it wrote"],
  ["gives out the tail", "never takes a frame that the end of the stream cut off for a message"],
  ["keeps quiet about the tail", "never takes a frame that the end of the stream cut off for a message"],
  ["gives out after the end", "gives nothing out after the stream is lost"],
  ["throws on zero", "neither throws nor hangs on any bytes, and splits change nothing about them"],
  ["never stops", "reads every message that it wrote"],
  ["counts wrong", "counts what it holds: nothing between frames, something inside one"],
  ["writes anything", "refuses to write what would be read as something else, and goes on"],
  ["limits one byte too low", "takes frames up to its limit and none beyond it, in one piece or many"],
  ["limits one byte too high", "takes frames up to its limit and none beyond it, in one piece or many"],
  ["gives out the tail by nextMessage", "never takes a frame that the end of the stream cut off for a message"],
  ["gives out the last line first by nextMessage", "gives the same events however the stream is split"],
  [
    "hides a line that is too long from nextMessage",
    "takes frames up to its limit and none beyond it, in one piece or many",
  ],
])("a codec that %s fails", async (fault, name) => {
  const failures = await failuresOf(suite(fault));
  expect([...failures.keys()]).toContain(name);
  expect(failures.get(name)).toMatch(fault === "throws on zero" ? /^Error: zero/ : /^ConformanceError: /);
});

test("a codec that takes memory for what is only announced fails", async () => {
  let usedBytes = 0;
  const greedy = (takenBytes: number) =>
    suite(undefined, {
      codec: {
        encode: (message) => toyCodec().encode(message),
        decoder() {
          const decoder = toyCodec().decoder();
          return {
            push: (bytes) => {
              usedBytes += takenBytes;
              decoder.push(bytes);
            },
            end: () => decoder.end(),
            next: () => decoder.next(),
          };
        },
      },
      allocation: { prefix: bytesOf("ab"), announcedBytes: 1000, usedBytes: () => usedBytes },
    });
  expect(await failuresOf(greedy(10))).toEqual(new Map());
  const failures = await failuresOf(greedy(1000));
  expect(failures.get("takes no memory for a frame that was only announced")).toContain(
    "100000 bytes were taken for 100000 bytes announced in 100 streams",
  );
});

test("names are unique, so that a case can be left out by its name", () => {
  const names = suite().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("one message alone proves nothing about the next", () => {
  expect(() => suite(undefined, { messages: toyMessages.slice(1, 2) })).toThrow("got 1 messages, needs at least 2");
});
