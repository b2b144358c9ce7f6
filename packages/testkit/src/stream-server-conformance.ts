import type { ByteStream } from "./byte-stream.ts";
import { type ConformanceCase, isDone, require, requireSame, show, within } from "./conformance-case.ts";
import { numberWithin, refuseUnknownKeys } from "./options.ts";
import { createRandom } from "./random.ts";
import { coalesced, splitsOf } from "./splits.ts";
import { ExactReader, readToEnd, writeAll } from "./stream-reading.ts";
import type { After } from "./virtual-clock.ts";

/** A server that was just started, alone. */
export interface ServedStreams {
  /** A new connection to it. */
  connect(): Promise<ByteStream>;
  /** Requests that its handler was given since the start. Without it, cases that need it look at replies only. */
  executed?(): number;
  /** Bytes that the server holds, by its own count or as its process's memory. Without it, nothing is said about memory. */
  heldBytes?(): number | Promise<number>;
  /** Stops the server; has to end whatever its connections do, by a deadline shorter than `limitMs`. */
  drain(): Promise<unknown>;
}

/** One request and what it is answered, as they are on the wire. */
export interface StreamExchange {
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
}

/** The server, and what is known of it. */
export interface StreamServerConformanceOptions {
  /** A new server for each case. */
  readonly start: () => Promise<ServedStreams>;
  /** At least two, with different replies that depend on nothing but the request; requests of at least two bytes. Keep them short: cuts at every byte are tried. */
  readonly exchanges: readonly StreamExchange[];
  /** A timer: real, or a virtual clock's. */
  readonly after: After;
  /** How long anything may take, in milliseconds. Default 10,000. No case waits for it unless something hangs. */
  readonly limitMs?: number;
  /** Most bytes that a client who asks and never reads may make the server hold. Default 4 MiB. It is asked for 16 times as much. */
  readonly maxDeafBytes?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** What every server of requests and replies over a byte stream has to do. */
export function streamServerConformance(options: StreamServerConformanceOptions): ConformanceCase[] {
  const { start, exchanges, after, seed = 1 } = options;
  refuseUnknownKeys("streamServerConformance", options, [
    "start",
    "exchanges",
    "after",
    "limitMs",
    "maxDeafBytes",
    "seed",
  ]);
  const limitMs = numberWithin("limitMs", options.limitMs ?? 10_000, 1, 600_000);
  const maxDeafBytes = numberWithin("maxDeafBytes", options.maxDeafBytes ?? 2 ** 22, 1, 2 ** 30);
  if (exchanges.length < 2) throw new RangeError(`there are ${exchanges.length} exchanges, at least 2 are needed`);
  const requests = coalesced(exchanges.map(({ request }) => request));
  const replies = coalesced(exchanges.map(({ reply }) => reply));

  const soon = <Value>(promise: Promise<Value>, what: string): Promise<Value> => within(promise, limitMs, after, what);
  const everything = (stream: ByteStream, what: string) => soon(readToEnd(stream), `the end of the stream, ${what},`);

  /** A fresh connection gets an answer: the server lives. */
  const requireServing = async (server: ServedStreams, when: string): Promise<void> => {
    const stream = await soon(server.connect(), `a connection ${when}`);
    const { request, reply } = exchanges[0] as StreamExchange;
    await writeAll(stream, [request]);
    const got = await soon(new ExactReader(stream).take(reply.length), `an answer ${when}`);
    requireSame(got, reply, `the answer ${when}`);
    stream.reset();
  };
  const withServer =
    (use: (server: ServedStreams) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const server = await start();
      try {
        await use(server);
      } finally {
        await soon(server.drain(), "the end of drain");
      }
    };
  /** Requests that are whole in the first `cut` bytes of all of them. */
  const wholeIn = (cut: number): number => {
    let end = 0;
    return exchanges.filter(({ request }) => (end += request.length) <= cut).length;
  };

  return [
    {
      name: "answers the same however the requests are split",
      run: withServer(async (server) => {
        for (const { name, pieces } of splitsOf(requests, { seed, randomSplits: 5 })) {
          const stream = await server.connect();
          await writeAll(stream, pieces);
          const got = await soon(new ExactReader(stream).take(replies.length), `every answer, ${name},`);
          requireSame(got, replies, `the answers, requests ${name}`);
          stream.reset();
        }
      }),
    },
    {
      name: "answers everything that was asked before the client ended its side, then ends its own",
      run: withServer(async (server) => {
        const stream = await server.connect();
        await writeAll(stream, [requests]);
        stream.end();
        const got = await everything(stream, "after half-close");
        requireSame(got, { bytes: replies, ending: "end" }, "what came after half-close");
      }),
    },
    {
      name: "executes nothing of a request that the end of the stream cut off",
      run: withServer(async (server) => {
        for (let cut = 1; cut < requests.length; cut += 1) {
          const before = server.executed?.() ?? 0;
          const stream = await server.connect();
          await writeAll(stream, [requests.subarray(0, cut)]);
          stream.end();
          const { bytes } = await everything(stream, `cut after ${cut} bytes`);
          const whole = wholeIn(cut);
          const due = coalesced(exchanges.slice(0, whole).map(({ reply }) => reply));
          requireSame(bytes.subarray(0, due.length), due, `the answers to a stream cut after ${cut} bytes`);
          const next = exchanges[whole]?.reply ?? NOTHING;
          const surplus = bytes.subarray(due.length, due.length + next.length);
          require(next.length === 0 || show(surplus) !== show(next), () => {
            return `a stream cut after ${cut} bytes, inside request ${whole}, was answered ${show(surplus)}`;
          });
          if (server.executed) {
            requireSame(server.executed() - before, whole, `requests executed of a stream cut after ${cut} bytes`);
          }
        }
      }),
    },
    {
      name: "executes nothing of a request that a reset cut off",
      run: withServer(async (server) => {
        let most = 0;
        for (let cut = 1; cut < requests.length; cut += 1) {
          const stream = await server.connect();
          await writeAll(stream, [requests.subarray(0, cut)]);
          stream.reset();
          most += wholeIn(cut);
        }
        await requireServing(server, "after resets inside requests");
        const executed = server.executed?.() ?? 0;
        require(executed <= most + 1, () => `${executed} requests were executed, at most ${most + 1} were whole`);
      }),
    },
    {
      name: "answers pipelined requests in their order",
      run: withServer(async (server) => {
        const rounds = 20;
        const stream = await server.connect();
        await writeAll(stream, [coalesced(Array.from({ length: rounds }, () => requests))]);
        const reader = new ExactReader(stream);
        for (let round = 0; round < rounds; round += 1) {
          for (const [i, { reply }] of exchanges.entries()) {
            const got = await soon(reader.take(reply.length), `answer ${i} of round ${round}`);
            requireSame(got, reply, `answer ${i} of round ${round}`);
          }
        }
        stream.reset();
      }),
    },
    {
      name: "goes on serving others after a reset at any point",
      run: withServer(async (server) => {
        for (let point = 0; point <= requests.length; point += 1) {
          const stream = await server.connect();
          await writeAll(stream, [requests.subarray(0, point)]);
          stream.reset();
          await requireServing(server, `after a reset after ${point} bytes of requests`);
        }
        const first = exchanges[0] as StreamExchange;
        for (let point = 1; point <= first.reply.length; point += first.reply.length) {
          const stream = await server.connect();
          await writeAll(stream, [requests]);
          await soon(new ExactReader(stream).take(point), `${point} bytes of a reply`);
          stream.reset();
          await requireServing(server, "after a reset inside a reply");
        }
      }),
    },
    {
      name: "goes on serving others while one client sends and never reads",
      run: withServer(async (server) => {
        const deaf = await server.connect();
        // Not awaited to its end: a server that stops reading makes the writer wait, which is what it should do.
        void writeAll(deaf, [coalesced(Array.from({ length: 200 }, () => requests))]);
        await requireServing(server, "beside a client that never reads");
        deaf.reset();
      }),
    },
    {
      name: "holds little for a client that asks and never reads",
      run: withServer(async (server) => {
        const heldBytes = server.heldBytes?.bind(server);
        if (heldBytes === undefined) return;
        const rounds = Math.ceil(16_384 / requests.length);
        const asks = coalesced(Array.from({ length: rounds }, () => requests));
        const deaf = await server.connect();
        const beforeBytes = await heldBytes();
        for (let dueBytes = 0; dueBytes < 16 * maxDeafBytes; dueBytes += rounds * replies.length) {
          const isTaken = await isDone(writeAll(deaf, [asks]), STALL_MS, after);
          const bytes = (await heldBytes()) - beforeBytes;
          require(bytes <= maxDeafBytes, () => {
            return `${bytes} bytes are held for a client that asked for ${dueBytes} and read nothing, limit is ${maxDeafBytes}`;
          });
          // It is read from no more, which is how little is held.
          if (!isTaken) break;
        }
        deaf.reset();
      }),
    },
    {
      name: "survives any bytes, and ends the connection after the client has",
      run: withServer(async (server) => {
        for (let i = 0; i < 30; i += 1) {
          const random = createRandom(seed).fork(`garbage ${i}`);
          const stream = await server.connect();
          await writeAll(stream, [random.bytes(random.integer(1, 200))]);
          stream.end();
          await everything(stream, `after garbage ${i}, seed ${seed}`);
        }
        await requireServing(server, "after garbage");
      }),
    },
    {
      name: "drain ends, and so does every connection, whatever the clients do",
      run: async () => {
        const server = await start();
        const idle = await server.connect();
        const unfinished = await server.connect();
        await writeAll(unfinished, [requests.subarray(0, 1)]);
        const deaf = await server.connect();
        void writeAll(deaf, [coalesced(Array.from({ length: 200 }, () => requests))]);
        const drained = server.drain();
        await soon(drained, "the end of drain");
        await soon(server.drain(), "the end of a second drain");
        await everything(idle, "an idle one");
        await everything(unfinished, "one inside a request");
        await everything(deaf, "one that had not read");
      },
    },
  ];
}

const NOTHING = new Uint8Array(0);

/** A write that takes longer waits for a server that does not read; if it was a slow machine, less is asked for, and no more than that. */
const STALL_MS = 200;
