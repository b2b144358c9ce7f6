import { type ConformanceCase, ConformanceError, require, requireSame, show, within } from "./conformance-case.ts";
import { numberWithin, refuseUnknownKeys } from "./options.ts";
import { createRandom } from "./random.ts";
import type { After } from "./virtual-clock.ts";

/** A socket that talks to the server under test, from an address of its own. */
export interface DatagramPeer {
  /** Sends a datagram to the server. */
  send(bytes: Uint8Array): void;
  /** The next datagram from the server. One at a time. */
  receive(): Promise<Uint8Array>;
  /** Closes the socket. */
  close(): void;
}

/** A server that was just started, alone. */
export interface ServedDatagrams {
  /** A new peer of it. */
  open(): Promise<DatagramPeer>;
  /** Requests that its handler was given since the start. Without it, cases that need it look at replies only. */
  executed?(): number;
  /** Stops the server; has to end by a deadline shorter than `limitMs`. */
  drain(): Promise<unknown>;
}

/** A request, and how its reply is known. */
export interface DatagramCall {
  readonly request: Uint8Array;
  /** Whether a datagram is the reply to it. */
  readonly isReply: (datagram: Uint8Array) => boolean;
}

/** The server, and what is known of it. */
export interface DatagramServerConformanceOptions {
  /** A new server for each case. */
  readonly start: () => Promise<ServedDatagrams>;
  /** The call of this number, from 0: each with a request of its own, and a reply that answers no other. */
  readonly call: (number: number) => DatagramCall;
  /** A timer: real, or a virtual clock's. */
  readonly after: After;
  /** How long an answer may take, in milliseconds. Default 10,000. No case waits for it unless something is missing. */
  readonly limitMs?: number;
  /** The longest reply to a datagram of garbage. Default: as long as the garbage, so that nobody gains by forging a sender. */
  readonly maxReplyBytes?: (garbageBytes: number) => number;
  /** Datagrams of garbage. Default 200. */
  readonly garbageCount?: number;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * What every server of calls over datagrams has to do. Silence is not waited for: after each thing that must not be answered
 * comes a call that must be, and what arrives before its reply is the answer to the thing. Needs a way to the server
 * that neither loses nor reorders, such as loopback.
 */
export function datagramServerConformance(options: DatagramServerConformanceOptions): ConformanceCase[] {
  const { start, after, seed = 1, maxReplyBytes = (bytes: number) => bytes, garbageCount = 200 } = options;
  refuseUnknownKeys("datagramServerConformance", options, [
    "start",
    "call",
    "after",
    "limitMs",
    "maxReplyBytes",
    "garbageCount",
    "seed",
  ]);
  const limitMs = numberWithin("limitMs", options.limitMs ?? 10_000, 1, 600_000);

  const withServer =
    (use: (server: ServedDatagrams, peer: DatagramPeer) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const server = await start();
      const peer = await server.open();
      try {
        await use(server, peer);
      } finally {
        peer.close();
        await within(server.drain(), limitMs, after, "the end of drain");
      }
    };
  /** The reply to a call, and what came before it. */
  const ask = async (
    peer: DatagramPeer,
    number: number,
    what: string,
  ): Promise<{ reply: Uint8Array; before: Uint8Array[] }> => {
    const { request, isReply } = options.call(number);
    peer.send(request);
    const before: Uint8Array[] = [];
    for (;;) {
      const datagram = await within(peer.receive(), limitMs, after, `a reply to call ${number}, ${what},`);
      if (isReply(datagram)) return { reply: datagram, before };
      before.push(datagram);
      if (before.length > 1000) throw new ConformanceError(`more than 1000 datagrams came instead of a reply, ${what}`);
    }
  };

  return [
    {
      name: "answers calls, each with its own reply",
      run: withServer(async (_, peer) => {
        for (let number = 0; number < 5; number += 1) {
          const { before } = await ask(peer, number, "one after the other");
          requireSame(before, [], `what came before the reply to call ${number}`);
        }
      }),
    },
    {
      name: "never answers garbage with more than was sent, and lives",
      run: withServer(async (_, peer) => {
        for (let i = 0; i < garbageCount; i += 1) {
          const garbage = garbageOf(i, options.call(i).request, seed);
          const limitBytes = maxReplyBytes(garbage.length);
          peer.send(garbage);
          const { before } = await ask(peer, garbageCount + i, `after garbage ${show(garbage)}`);
          const bytes = before.reduce((sum, datagram) => sum + datagram.length, 0);
          require(bytes <= limitBytes, () => {
            return `${garbage.length} bytes ${show(garbage)} were answered with ${bytes} bytes, limit is ${limitBytes}: ${show(before)}`;
          });
        }
      }),
    },
    {
      name: "never answers a reply, its own least of all",
      run: withServer(async (server, peer) => {
        const { reply } = await ask(peer, 0, "at first");
        const stranger = await server.open();
        for (const [i, each] of [peer, stranger].entries()) {
          const executed = server.executed?.() ?? 0;
          each.send(reply);
          each.send(reply);
          const { before } = await ask(each, i + 1, "after a reply was sent to the server");
          requireSame(before, [], "answers to a reply");
          requireSame((server.executed?.() ?? 1) - executed, 1, "requests executed after a reply and a call");
        }
        stranger.close();
      }),
    },
    {
      name: "runs a call once however often its request comes, and gives the same reply each time",
      run: withServer(async (server, peer) => {
        const { request, isReply } = options.call(0);
        for (let copy = 0; copy < 3; copy += 1) peer.send(request);
        const { before: early } = await ask(peer, 1, "after three copies of another");
        for (let copy = 0; copy < 2; copy += 1) peer.send(request);
        const { before: late } = await ask(peer, 2, "after two late copies of another");
        const answers = [...early, ...late];
        require(answers.length > 0, () => "five copies of a request got no reply");
        for (const answer of answers) {
          require(isReply(answer), () => `a copy of a request was answered with ${show(answer)}`);
          requireSame(answer, answers[0], "the reply to a copy");
        }
        if (server.executed) requireSame(server.executed(), 3, "requests executed for three calls and four copies");
      }),
    },
    {
      name: "drain ends, and a second one too",
      run: withServer(async (server, peer) => {
        await ask(peer, 0, "before drain");
        await within(server.drain(), limitMs, after, "the end of drain");
      }),
    },
  ];
}

/** Nothing, noise, calls cut short, calls with something behind them, and calls with a bit flipped. */
function garbageOf(number: number, request: Uint8Array, seed: number): Uint8Array {
  const random = createRandom(seed).fork(`garbage ${number}`);
  switch (number % 5) {
    case 0:
      return random.bytes(number % 4);
    case 1:
      return random.bytes(random.integer(1, 200));
    case 2:
      return new Uint8Array(request.subarray(0, random.integer(0, request.length - 1)));
    case 3:
      return new Uint8Array([...request.subarray(0, random.integer(1, request.length)), ...random.bytes(20)]);
    default: {
      const flipped = new Uint8Array(request);
      const index = random.integer(0, flipped.length - 1);
      flipped[index] = (flipped[index] ?? 0) ^ (1 << random.integer(0, 7));
      return flipped;
    }
  }
}
