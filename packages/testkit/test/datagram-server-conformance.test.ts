import { createDatagramNetwork, createVirtualClock, datagramServerConformance } from "@tallyline/testkit";
import type { DatagramPeer, ServedDatagrams, VirtualClock } from "@tallyline/testkit";
import { expect, test } from "vitest";
import { bytesOf, textOf } from "./bytes.ts";
import { failuresOf } from "./failures.ts";

type Fault =
  | "answers nothing"
  | "explains itself to strangers"
  | "dies of an empty datagram"
  | "answers replies"
  | "runs every copy"
  | "answers copies anew"
  | "drain waits for ever";

/** A server of calls `? id word` → `! id WORD`, over the virtual network. Right, or wrong in one way. */
function startToyServer(clock: VirtualClock, fault?: Fault): ServedDatagrams {
  const network = createDatagramNetwork({ clock });
  const replies = new Map<string, string>();
  let executed = 0;
  let isDead = false;
  const answer = (text: string, from: string): string | undefined => {
    const call = (fault === "answers replies" ? /^[?!] (\d+) (\w+)$/ : /^\? (\d+) (\w+)$/).exec(text);
    if (call === null) return fault === "explains itself to strangers" ? "! 0 please send a question mark" : undefined;
    const key = `${from} ${text}`;
    const known = replies.get(key);
    if (known !== undefined && fault === "answers copies anew") return `! ${call[1]} AGAIN`;
    if (known !== undefined && fault !== "runs every copy") return known;
    executed += 1;
    const reply = `! ${call[1]} ${call[2]?.toUpperCase()}`;
    replies.set(key, reply);
    return reply;
  };
  const server = network.bind("server", ({ bytes, from }) => {
    if (fault === "dies of an empty datagram" && bytes.length === 0) isDead = true;
    const reply = answer(textOf(bytes), from);
    if (reply !== undefined && !isDead && fault !== "answers nothing") server.send(bytesOf(reply), from);
  });
  let peers = 0;
  return {
    executed: () => executed,
    drain: () => (fault === "drain waits for ever" ? new Promise(() => {}) : Promise.resolve()),
    open() {
      const unread: Uint8Array[] = [];
      let reader: (() => void) | undefined;
      const socket = network.bind(`peer ${peers++}`, ({ bytes }) => {
        unread.push(bytes);
        reader?.();
      });
      const peer: DatagramPeer = {
        send: (bytes) => socket.send(bytes, "server"),
        async receive() {
          while (unread.length === 0) await new Promise<void>((resolve) => (reader = resolve));
          return unread.shift()!;
        },
        close: () => socket.close(),
      };
      return Promise.resolve(peer);
    },
  };
}

function failures(fault?: Fault): Promise<Map<string, string>> {
  const clock = createVirtualClock();
  const cases = datagramServerConformance({
    start: () => Promise.resolve(startToyServer(clock, fault)),
    call: (number) => ({
      request: bytesOf(`? ${1000 + number} word`),
      isReply: (bytes) => textOf(bytes).startsWith(`! ${1000 + number} `),
    }),
    after: clock.after,
  });
  return failuresOf(cases, (promise) => clock.drive(promise));
}

test("a server that is right passes every case", async () => {
  expect(await failures()).toEqual(new Map());
});

test.each<[Fault, string]>([
  ["answers nothing", "answers calls, each with its own reply"],
  ["explains itself to strangers", "never answers garbage with more than was sent, and lives"],
  ["dies of an empty datagram", "never answers garbage with more than was sent, and lives"],
  ["answers replies", "never answers a reply, its own least of all"],
  ["runs every copy", "runs a call once however often its request comes, and gives the same reply each time"],
  ["answers copies anew", "runs a call once however often its request comes, and gives the same reply each time"],
  ["drain waits for ever", "drain ends, and a second one too"],
])("a server that %s fails", async (fault, name) => {
  const [...names] = (await failures(fault)).keys();
  expect(names).toContain(name);
});
