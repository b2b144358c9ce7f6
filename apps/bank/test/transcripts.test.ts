import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { connectStream } from "@tallyline/testkit/proxies";
import { byteByByte, parseTranscript, replayTranscriptOverStream } from "@tallyline/testkit";
import { describe, expect, test } from "vitest";
import { startTranscriptBank } from "./transcript-bank.ts";

const folder = new URL("../../../packages/bank-protocol/conformance/transcripts/", import.meta.url);
const names = globSync("*.txt", { cwd: folder }).map((file) => basename(file, ".txt"));

test("there are transcripts", () => expect(names.length).toBeGreaterThan(5));

describe.each(names)("the transcript %s", (name) => {
  const steps = parseTranscript(readFileSync(new URL(`${name}.txt`, folder), "utf8"));
  const said = (side: string) =>
    steps
      .filter((step) => step.side === side)
      .map(({ text }) => `${text}\n`)
      .join("");

  test.each(["\n", "\r\n"])("is what a server says, line by line, with lines that end in %j", async (lineEnd) => {
    await using bank = await startTranscriptBank(name);
    const stream = await connectStream({ port: bank.port });
    await expect(replayTranscriptOverStream(steps, stream, { lineEnd })).resolves.toBeUndefined();
  });

  const whole = new TextEncoder().encode(said("client"));
  test.each([
    ["at once, without waiting", [whole]],
    ["byte by byte", byteByByte(whole)],
  ])("is what a server says to a client that sends all of it %s", async (_how, pieces) => {
    await using bank = await startTranscriptBank(name);
    const stream = await connectStream({ port: bank.port });
    for (const piece of pieces) await stream.write(piece);
    stream.end();
    let answered = "";
    const decoder = new TextDecoder();
    for (let read = await stream.read(); read !== undefined; read = await stream.read())
      answered += decoder.decode(read);
    expect(answered).toBe(said("server"));
  });
});
