import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bytes, loopbackPeer, newServer, remotePeer, text } from "./datagram-network.ts";

const specification = readFileSync(new URL("../../../docs/calculator-protocol.md", import.meta.url), "utf8");
const transcripts = [...specification.matchAll(/^```transcript (.+)\n((?:.+\n)+)```$/gm)].map(([, name, body]) => ({
  name: name!,
  lines: body!.trimEnd().split("\n"),
}));

test("the specification has its transcripts", () => expect(transcripts).toHaveLength(9));

test.each(transcripts)("specified: $name", ({ lines }) => {
  expect(replay(lines)).toEqual(lines);
});

/** Plays the lines of the client and of the handler to a server, and writes down what happens in the form of the transcript. */
function replay(lines: readonly string[]): string[] {
  const server = newServer({ keyedHash: () => Uint8Array.from([0x60, 0x30, 0x3a, 0xe2, 0x2b, 0x99, 0x88, 0x61]) });
  const peer = lines[0] === "P: remote" ? remotePeer : loopbackPeer;
  const happened = peer === remotePeer ? ["P: remote"] : [];
  let now = 10_000;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith("C: ")) continue;
    happened.push(line);
    const step = server.handle(bytes(line.slice(3).replace("␊", "\n")), peer, (now += 100));
    let sent = step.kind === "send" ? step.datagram : undefined;
    if (step.kind === "run") {
      const answer = lines[index + 1]!;
      expect(answer).toMatch(/^H: /);
      happened.push(answer);
      sent = server.complete(step.request, bytes(answerOf(answer)), now);
    }
    happened.push(`S: ${text(sent).replace("\n", "␊")}`.trimEnd());
  }
  return happened;
}

/** What the handler says: the rest of the line, or so many bytes of it. */
function answerOf(line: string): string {
  const size = /^H: \((\d+) bytes\)$/.exec(line)?.[1];
  return size === undefined ? line.slice(3) : "9".repeat(Number(size));
}
