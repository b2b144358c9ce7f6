import { createStreamPair, createVirtualClock, parseTranscript, TranscriptError } from "@tallyline/testkit";
import { replayTranscript, replayTranscriptOverStream } from "@tallyline/testkit";
import { expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";

const text = `# A greeting.
C: hello
S: Hello!

C: list
S: one
S: two
C: quiet
C:
S:
`;
const answers: Record<string, string | string[] | undefined> = { hello: "Hello!", list: ["one", "two"], "": "" };

test("a transcript is read with its line numbers; comments and blank lines mean nothing", () => {
  expect(parseTranscript(text).slice(0, 3)).toEqual([
    { side: "client", text: "hello", line: 2 },
    { side: "server", text: "Hello!", line: 3 },
    { side: "client", text: "list", line: 5 },
  ]);
  expect(parseTranscript("C: a  \r\nS: é#\r\n").map((step) => step.text)).toEqual(["a  ", "é#"]);
});

test.each([
  ["C: a\nX: b", 2, 'line 2: "X: b" does not begin with "C: ", "S: " or "#"'],
  ["C:a", 1, 'line 1: "C:a" does not begin'],
  [" C: a", 1, 'line 1: " C: a" does not begin'],
  ["# nothing\n", 2, "line 2: the transcript says nothing"],
])("a transcript that cannot be read names the line: %j", (bad, line, message) => {
  expect(() => parseTranscript(bad)).toThrow(expect.objectContaining({ line }) as Error);
  expect(() => parseTranscript(bad)).toThrow(message);
});

test("a peer that follows the transcript passes", async () => {
  const steps = parseTranscript(text);
  await expect(replayTranscript(steps, (request) => answers[request])).resolves.toBeUndefined();
  await expect(replayTranscript(steps, (request) => Promise.resolve(answers[request]))).resolves.toBeUndefined();
});

test.each([
  ["other words", "hello", "Hi!", 'line 3: the server said "Hi!", due was "Hello!"'],
  ["too little", "list", ["one"], 'line 7: the server said nothing, due was "two"'],
  ["too much", "quiet", "what?", 'line 8: the server said "what?", after which nothing was due'],
])("a peer that says %s fails at its line", async (_, request, said, message) => {
  const peer = { ...answers, [request]: said };
  await expect(replayTranscript(parseTranscript(text), (each) => peer[each])).rejects.toThrow(message);
});

/** Replays over a stream in memory to a server of lines, one of whose answers may be wrong. */
function overStream(transcript: string, wrong: typeof answers = {}, lineEnd = "\n", serverLineEnd = lineEnd) {
  const clock = createVirtualClock();
  const { left, right } = createStreamPair({ clock, faults: { leftToRight: { splitBytes: 1 } } });
  const serve = async (): Promise<void> => {
    let received = "";
    for (let bytes = await right.read(); bytes !== undefined; bytes = await right.read()) {
      received += textOf(bytes);
      const lines = received.split("\n");
      received = lines.pop()!;
      for (const line of lines) {
        const said = { ...answers, ...wrong }[line.replace("\r", "")] ?? [];
        for (const each of [said].flat()) await right.write(bytesOf(each.replace("|", "\n") + serverLineEnd));
      }
    }
    right.end();
  };
  return clock.drive(
    Promise.all([replayTranscriptOverStream(parseTranscript(transcript), left, { lineEnd }), serve()]),
  );
}

test("a transcript replays over a byte stream, with LF or CRLF", async () => {
  await expect(overStream(text)).resolves.toBeDefined();
  await expect(overStream(text, {}, "\r\n")).resolves.toBeDefined();
});

test("over a stream, what the server says after the transcript is an error, and so is an unfinished line", async () => {
  await expect(overStream("C: hello\nS: Hello!", { hello: "Hello!|Anything else?" })).rejects.toThrow(
    'line 2: the server said "Anything else?", after which nothing was due',
  );
  await expect(overStream("C: hello", {}, "\n", "")).rejects.toThrow('line 1: the server said "Hello!<end of stream>"');
});

test("only a stream can replay a server that speaks first", async () => {
  await expect(replayTranscript(parseTranscript("S: welcome"), () => undefined)).rejects.toThrow(TranscriptError);
});
