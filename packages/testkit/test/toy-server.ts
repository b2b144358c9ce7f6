import { type ByteStream, createStreamPair, createVirtualClock, type ServedStreams } from "@tallyline/testkit";
import type { StreamFaults, VirtualClock } from "@tallyline/testkit";
import { bytesOf, textOf } from "./bytes.ts";

/** Ways to get a server of requests and replies wrong. */
export type ServerFault =
  | "takes every read for a request"
  | "runs the tail"
  | "hangs up on half-close"
  | "never ends its side"
  | "answers out of order"
  | "dies of a reset"
  | "serves one client at a time"
  | "dies of strange bytes"
  | "reads on from a client that never reads"
  | "drain waits for clients"
  | "drain leaves connections open";

/** Exchanges that the toy server answers. */
export const toyExchanges = [
  { request: bytesOf("up one\n"), reply: bytesOf("ONE\n") },
  { request: bytesOf("up three\n"), reply: bytesOf("THREE\n") },
  { request: bytesOf("up vier\n"), reply: bytesOf("VIER\n") },
];

/** A server of lines in memory, in virtual time: `up x` is answered with X. Right, or wrong in one way. */
export function startToyServer(
  clock: VirtualClock = createVirtualClock(),
  fault?: ServerFault,
  faults: StreamFaults = {},
): ServedStreams {
  const open = new Set<ByteStream>();
  const state = { executed: 0, isDead: false, isBusy: false, heldBytes: 0 };
  const serve = async (stream: ByteStream): Promise<void> => {
    if (state.isDead || (fault === "serves one client at a time" && state.isBusy)) return;
    state.isBusy = true;
    open.add(stream);
    const answer = (line: string): string => {
      state.executed += 1;
      return `${line.replace(/^up /, "").toUpperCase()}\n`;
    };
    let text = "";
    try {
      for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
        if (state.isDead) return;
        if (fault === "dies of strange bytes" && bytes.some((byte) => byte > 127)) state.isDead = true;
        text += textOf(bytes);
        const lines = fault === "takes every read for a request" ? [text, ""] : text.split("\n");
        text = lines.pop() ?? "";
        const replies = lines.map((line) => answer(line.replace("\n", "")));
        if (fault === "answers out of order") replies.reverse();
        if (replies.length === 0) continue;
        const out = bytesOf(replies.join(""));
        state.heldBytes += out.length;
        const written = stream.write(out).finally(() => (state.heldBytes -= out.length));
        if (fault === "reads on from a client that never reads") written.catch(() => {});
        else await written;
      }
      if (fault === "runs the tail" && text !== "") await stream.write(bytesOf(answer(text)));
      if (fault === "hangs up on half-close") stream.reset();
      else if (fault !== "never ends its side") stream.end();
    } catch {
      if (fault === "dies of a reset") state.isDead = true;
    }
    open.delete(stream);
    state.isBusy = false;
  };
  return {
    connect() {
      const { left, right } = createStreamPair({
        clock,
        maxUnreadBytes: 4096,
        faults: { leftToRight: faults, rightToLeft: faults },
      });
      void serve(right);
      return Promise.resolve(left);
    },
    executed: () => state.executed,
    heldBytes: () => state.heldBytes,
    drain() {
      if (fault === "drain waits for clients" && open.size > 0) return new Promise(() => {});
      if (fault !== "drain leaves connections open") for (const stream of open) stream.reset();
      return Promise.resolve();
    },
  };
}
