import type { ByteStream, CallingClient } from "@tallyline/testkit";
import { bytesOf, textOf } from "./bytes.ts";

/** Ways to get a client of requests and replies wrong. */
export type ClientFault =
  | "takes every read for a reply"
  | "takes a cut reply"
  | "hangs when the stream ends"
  | "hangs when the stream is reset"
  | "has no deadline"
  | "says nothing of delivery"
  | "calls everything unknown"
  | "keeps the place of a late reply"
  | "keeps surplus replies"
  | "keeps the beginning of a surplus reply"
  | "sends again by itself"
  | "never connects again"
  | "forgets calls when closed";

class CallError extends Error {
  readonly delivery: string | undefined;

  constructor(delivery: string | undefined) {
    super("the call failed");
    this.delivery = delivery;
  }
}

interface Call {
  readonly line: string;
  settle(outcome: string | CallError): void;
}

type After = (delayMs: number, run: () => void) => () => void;

/** A client of lines over any stream: one connection at a time, calls in order. Right, or wrong in one way. */
export function toyClient(connect: () => Promise<ByteStream>, after: After, fault?: ClientFault) {
  const failure = (delivery: string): CallError =>
    new CallError(
      fault === "says nothing of delivery" ? undefined : fault === "calls everything unknown" ? "unknown" : delivery,
    );
  let link: Promise<Link> | undefined;
  let isClosed = false;

  class Link {
    readonly stream: ByteStream;
    calls: Call[] = [];
    isOver = false;

    constructor(stream: ByteStream) {
      this.stream = stream;
      void this.#read();
    }

    lose(): void {
      this.isOver = true;
      this.stream.reset();
      if (fault !== "never connects again") link = undefined;
      for (const call of this.calls.splice(0)) call.settle(failure("unknown"));
    }

    async #read(): Promise<void> {
      let text = "";
      try {
        for (let bytes = await this.stream.read(); bytes !== undefined; bytes = await this.stream.read()) {
          text += textOf(bytes);
          const lines = fault === "takes every read for a reply" ? [text, ""] : text.split("\n");
          text = lines.pop() ?? "";
          for (const line of lines) {
            const call = this.calls.shift();
            if (call === undefined && fault === "keeps surplus replies") surplus.push(line);
            else if (call === undefined) this.lose();
            else call.settle(line.replace("\n", ""));
          }
          // What begins while nobody waits answers nobody.
          if (text !== "" && this.calls.length === 0 && fault !== "keeps the beginning of a surplus reply") this.lose();
        }
        if (fault === "hangs when the stream ends") return;
        if (fault === "takes a cut reply") this.calls.shift()?.settle(text);
      } catch {
        if (fault === "hangs when the stream is reset") return;
      }
      const lost = [...this.calls];
      this.lose();
      if (fault === "sends again by itself") for (const { line } of lost) void send({ line, settle: () => {} });
    }
  }

  const surplus: string[] = [];
  const send = async (call: Call): Promise<void> => {
    try {
      link ??= connect().then((stream) => new Link(stream));
      const current = await link;
      if (current.isOver) return call.settle(failure("not-sent"));
      const early = surplus.shift();
      if (early !== undefined) return call.settle(early);
      current.calls.push(call);
      await current.stream.write(bytesOf(`${call.line}\n`)).catch(() => {});
    } catch {
      link = undefined;
      call.settle(failure("not-sent"));
    }
  };

  return {
    request(line, { deadlineMs }) {
      if (isClosed) return Promise.reject(failure("not-sent"));
      return new Promise((resolve, reject) => {
        const cancel = after(deadlineMs, () => {
          if (fault === "has no deadline") return;
          reject(failure("unknown"));
          // Whose reply comes next is not known any more, so the connection is of no use.
          if (fault !== "keeps the place of a late reply") void link?.then((each) => each.lose());
          else void link?.then((each) => (each.calls = each.calls.filter((other) => other !== call)));
        });
        const call: Call = {
          line,
          settle(outcome) {
            cancel();
            if (outcome instanceof CallError) reject(outcome);
            else resolve(outcome);
          },
        };
        void send(call);
      });
    },
    async close() {
      isClosed = true;
      const current = await link?.catch(() => {});
      if (fault !== "forgets calls when closed") current?.lose();
    },
  } satisfies CallingClient<string, string>;
}
