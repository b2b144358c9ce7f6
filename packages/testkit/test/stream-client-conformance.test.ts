import { type ByteStream, createStreamPair, createVirtualClock, streamClientConformance } from "@tallyline/testkit";
import { connectStream, listenForStreams, realTime } from "@tallyline/testkit/proxies";
import { describe, expect, test } from "vitest";
import { bytesOf } from "./bytes.ts";
import { failuresOf } from "./failures.ts";
import { type ClientFault, toyClient } from "./toy-client.ts";

const exchanges = ["one", "two", "three"].map((word) => ({
  request: word,
  reply: word.toUpperCase(),
  requestBytes: bytesOf(`${word}\n`),
  replyBytes: bytesOf(`${word.toUpperCase()}\n`),
}));

/** The suite in memory and in virtual time. */
function failures(fault?: ClientFault): Promise<Map<string, string>> {
  const clock = createVirtualClock();
  const cases = streamClientConformance({
    listen(onConnection: (stream: ByteStream) => void) {
      const place = { isOpen: true };
      const connect = (): Promise<ByteStream> => {
        if (!place.isOpen) return Promise.reject(new Error("nobody listens"));
        const { left, right } = createStreamPair({ clock });
        onConnection(right);
        return Promise.resolve(left);
      };
      const close = (): Promise<void> => {
        place.isOpen = false;
        return Promise.resolve();
      };
      return Promise.resolve({ target: connect, close });
    },
    createClient: (connect) => toyClient(connect, clock.after, fault),
    exchanges,
    after: clock.after,
  });
  return failuresOf(cases, (promise) => clock.drive(promise));
}

test("a client that is right passes every case", async () => {
  expect(await failures()).toEqual(new Map());
});

test.each<[ClientFault, string]>([
  [
    "takes every read for a reply",
    "gives each call its own reply, one after the other and together, however replies are split",
  ],
  ["takes a cut reply", 'fails with delivery "unknown" when the stream is ended at any byte of the reply'],
  ["hangs when the stream ends", 'fails with delivery "unknown" when the stream is ended at any byte of the reply'],
  ["hangs when the stream is reset", "sends no request twice by itself"],
  ["has no deadline", 'fails with delivery "unknown" at its deadline when the server says nothing'],
  ["says nothing of delivery", 'fails with delivery "not-sent" when nobody listens'],
  ["calls everything unknown", 'fails with delivery "not-sent" when nobody listens'],
  ["keeps the place of a late reply", "never gives a late reply to the next call"],
  ["keeps surplus replies", "never gives a surplus reply to the next call"],
  ["keeps the beginning of a surplus reply", "never takes a reply that began before its request was sent"],
  ["sends again by itself", "sends no request twice by itself"],
  ["never connects again", "works again after a connection was lost"],
  ["forgets calls when closed", "settles every call when it is closed, and refuses the calls after that as not sent"],
])("a client that %s fails", async (fault, name) => {
  const [...names] = (await failures(fault)).keys();
  expect(names).toContain(name);
});

describe("over real sockets, a client that is right", () => {
  const cases = streamClientConformance({
    listen: listenForStreams,
    createClient: (target) => toyClient(() => connectStream(target), realTime),
    exchanges,
    after: realTime,
  });
  test.each(cases)("$name", ({ run }) => expect(Promise.resolve(run())).resolves.toBeUndefined());
});
