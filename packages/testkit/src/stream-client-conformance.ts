import type { ByteStream } from "./byte-stream.ts";
import { type ConformanceCase, require, requireSame, within } from "./conformance-case.ts";
import { numberWithin, refuseUnknownKeys } from "./options.ts";
import { createRandom } from "./random.ts";
import { byteByByte, coalesced } from "./splits.ts";
import { ExactReader, writeAll } from "./stream-reading.ts";
import type { After } from "./virtual-clock.ts";

/** A client that calls one server. Failures carry `delivery`: may the request have been executed? */
export interface CallingClient<Request, Reply> {
  /** Not idempotent: not to be sent twice. */
  request(request: Request, options: { readonly deadlineMs: number }): Promise<Reply>;
  /** Closes the client; calls that wait reject. */
  close(): Promise<void>;
}

/** One call: as the client's user sees it, and as it is on the wire. */
export interface ClientExchange<Request, Reply> {
  readonly request: Request;
  readonly reply: Reply;
  readonly requestBytes: Uint8Array;
  readonly replyBytes: Uint8Array;
}

/** The client, and what is known of it. */
export interface StreamClientConformanceOptions<Request, Reply, Target> {
  /** Opens a place to connect to, and hands over each connection. The suite plays the server. */
  listen(onConnection: (stream: ByteStream) => void): Promise<{ readonly target: Target; close(): Promise<void> }>;
  /** A client of that place; it may connect at once or on the first call. */
  createClient(target: Target): CallingClient<Request, Reply> | Promise<CallingClient<Request, Reply>>;
  /** At least two, with different replies. Keep the replies short: cuts at every byte are tried. */
  readonly exchanges: readonly ClientExchange<Request, Reply>[];
  /** A timer: real, or a virtual clock's. */
  readonly after: After;
  /** How long anything may take, in milliseconds. Default 10,000. */
  readonly limitMs?: number;
  /** The deadline of calls that are to miss it, in milliseconds. Default 30; doubled while it passes before the call is sent. */
  readonly shortDeadlineMs?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** What every client of requests and replies over a byte stream has to do. Calls may share a connection or not. */
export function streamClientConformance<Request, Reply, Target>(
  options: StreamClientConformanceOptions<Request, Reply, Target>,
): ConformanceCase[] {
  const { exchanges, after, seed = 1 } = options;
  refuseUnknownKeys("streamClientConformance", options, [
    "listen",
    "createClient",
    "exchanges",
    "after",
    "limitMs",
    "shortDeadlineMs",
    "seed",
  ]);
  const limitMs = numberWithin("limitMs", options.limitMs ?? 10_000, 1, 600_000);
  const shortDeadlineMs = numberWithin("shortDeadlineMs", options.shortDeadlineMs ?? 30, 1, limitMs);
  const [first, second] = exchanges;
  if (first === undefined || second === undefined) {
    throw new RangeError(`there are ${exchanges.length} exchanges, at least 2 are needed`);
  }

  const soon = <Value>(promise: Promise<Value>, what: string): Promise<Value> => within(promise, limitMs, after, what);
  type Client = CallingClient<Request, Reply>;
  /** How a call ended. One that does not end, or fails without saying what became of the request, fails the case. */
  const outcome = async (
    client: Client,
    exchange: ClientExchange<Request, Reply>,
    what: string,
    // Longer than the suite waits: what ends a call has to be what happened to it, not its deadline.
    deadlineMs = limitMs * 10,
  ): Promise<Outcome<Reply>> => {
    try {
      return { reply: await soon(client.request(exchange.request, { deadlineMs }), `the outcome of ${what}`) };
    } catch (error) {
      const delivery = (error as { readonly delivery?: unknown } | undefined)?.delivery;
      require(DELIVERIES.includes(delivery as Delivery), () => `${what} failed without a delivery: ${String(error)}`);
      return { delivery: delivery as Delivery };
    }
  };
  /** A server that does this with its connections, a client of it, and the end of both. */
  const withClient = async <Value>(play: Play, use: (client: Client) => Promise<Value>): Promise<Value> => {
    const streams: ByteStream[] = [];
    const place = await options.listen((stream) => {
      streams.push(stream);
      // A script ends when the client goes away, which is no failure of the client.
      play(stream, streams.length - 1).catch(() => {});
    });
    try {
      const client = await options.createClient(place.target);
      try {
        return await use(client);
      } finally {
        await soon(client.close(), "the end of close");
      }
    } finally {
      for (const stream of streams) stream.reset();
      await place.close();
    }
  };
  /**
   * The same with a first call that misses its deadline after it was sent. On a busy machine it may miss it before that, which
   * is right as well; then it gets longer.
   */
  const withLateCall = async (what: string, play: LatePlay, use: (client: Client) => Promise<void>): Promise<void> => {
    const isOver = (deadlineMs: number): Promise<boolean> => {
      let isReceived = false;
      const receive: Play = async (stream, connection) => {
        const reader = new ExactReader(stream);
        if (connection === 0) isReceived = (await reader.take(first.requestBytes.length)).length > 0;
        await play(stream, reader, connection);
      };
      return withClient(receive, async (client) => {
        const got = await outcome(client, first, what, deadlineMs);
        const isEarly = "delivery" in got && got.delivery === "not-sent" && !isReceived;
        if (isEarly && deadlineMs < limitMs) return false;
        requireUnknown(got, what);
        await use(client);
        return true;
      });
    };
    for (let deadlineMs = shortDeadlineMs; !(await isOver(deadlineMs)); deadlineMs *= 2);
  };
  /** Answers as it should, in pieces. */
  const answer =
    (cut: (reply: Uint8Array) => readonly Uint8Array[]): Play =>
    async (stream) => {
      for await (const { replyBytes } of requestsOf(stream, exchanges)) await writeAll(stream, cut(replyBytes));
    };
  const requireUnknown = (got: Outcome<Reply>, what: string): void => {
    requireSame(got, { delivery: "unknown" }, what);
  };

  const cutCase = (how: "end" | "reset"): ConformanceCase => ({
    name: `fails with delivery "unknown" when the stream is ${how === "end" ? "ended" : "reset"} at any byte of the reply`,
    run: async () => {
      for (let cut = 0; cut < first.replyBytes.length; cut += 1) {
        const play: Play = async (stream) => {
          await new ExactReader(stream).take(first.requestBytes.length);
          await stream.write(first.replyBytes.subarray(0, cut));
          stream[how]();
        };
        const what = `a call whose reply was cut after ${cut} of ${first.replyBytes.length} bytes`;
        await withClient(play, async (client) => requireUnknown(await outcome(client, first, what), what));
      }
    },
  });

  return [
    {
      name: "gives each call its own reply, one after the other and together, however replies are split",
      run: async () => {
        for (const cut of [(reply: Uint8Array) => [reply], byteByByte]) {
          await withClient(answer(cut), async (client) => {
            for (const [i, each] of exchanges.entries()) {
              requireSame(await outcome(client, each, `call ${i}`), { reply: each.reply }, `call ${i}`);
            }
            const together = await Promise.all(exchanges.map((each, i) => outcome(client, each, `call ${i} of many`)));
            requireSame(
              together,
              exchanges.map(({ reply }) => ({ reply })),
              "calls made together",
            );
          });
        }
      },
    },
    cutCase("end"),
    cutCase("reset"),
    {
      name: 'fails with delivery "not-sent" when nobody listens',
      run: async () => {
        const place = await options.listen(() => {});
        await place.close();
        const client = await options.createClient(place.target);
        const got = await outcome(client, first, "a call to nobody");
        await soon(client.close(), "the end of close");
        requireSame(got, { delivery: "not-sent" }, "a call to nobody");
      },
    },
    {
      name: 'fails with delivery "unknown" at its deadline when the server says nothing',
      run: () =>
        withLateCall(
          "a call that nobody answers",
          async () => {},
          async () => {},
        ),
    },
    {
      name: "never gives a late reply to the next call",
      run: () => {
        const play: LatePlay = async (stream, reader, connection) => {
          await reader.take(second.requestBytes.length);
          // The first call is left alone until the second comes behind it; then both are answered.
          if (connection === 0) await stream.write(first.replyBytes);
          await stream.write(second.replyBytes);
        };
        return withLateCall("a call that is answered late", play, async (client) => {
          requireOwn(await outcome(client, second, "the call after a late answer"), second.reply);
        });
      },
    },
    {
      name: "never gives a surplus reply to the next call",
      run: () => {
        const play: Play = async (stream, connection) => {
          const reader = new ExactReader(stream);
          if (connection === 0) {
            await reader.take(first.requestBytes.length);
            await stream.write(coalesced([first.replyBytes, first.replyBytes]));
          }
          await reader.take(second.requestBytes.length);
          await stream.write(second.replyBytes);
        };
        return withClient(play, async (client) => {
          requireSame(await outcome(client, first, "a call answered twice"), { reply: first.reply }, "answered twice");
          requireOwn(await outcome(client, second, "the call after a surplus reply"), second.reply);
        });
      },
    },
    {
      name: "never takes a reply that began before its request was sent",
      run: () => {
        const play: Play = async (stream, connection) => {
          const reader = new ExactReader(stream);
          if (connection === 0) {
            await reader.take(first.requestBytes.length);
            await stream.write(coalesced([first.replyBytes, first.replyBytes.subarray(0, 1)]));
            await reader.take(second.requestBytes.length);
            await stream.write(first.replyBytes.subarray(1));
          } else {
            await reader.take(second.requestBytes.length);
          }
          await stream.write(second.replyBytes);
        };
        return withClient(play, async (client) => {
          const what = "a call answered once and a byte";
          requireSame(await outcome(client, first, what), { reply: first.reply }, what);
          requireOwn(await outcome(client, second, "the call after half a surplus reply"), second.reply);
        });
      },
    },
    {
      name: "sends no request twice by itself",
      run: async () => {
        let received = 0;
        const play: Play = async (stream) => {
          for await (const asked of requestsOf(stream, exchanges)) {
            if (asked !== first) await stream.write(asked.replyBytes);
            else {
              received += 1;
              stream.reset();
              return;
            }
          }
        };
        await withClient(play, async (client) => {
          requireUnknown(await outcome(client, first, "a call whose connection was reset"), "a reset connection");
          await outcome(client, second, "the call after it");
        });
        requireSame(received, 1, "times that a request was received whose connection was reset");
      },
    },
    {
      name: "works again after a connection was lost",
      run: () => {
        const play: Play = async (stream, connection) => {
          if (connection > 0) return answer((reply) => [reply])(stream, connection);
          await new ExactReader(stream).take(first.requestBytes.length);
          stream.reset();
        };
        return withClient(play, async (client) => {
          await outcome(client, first, "a call whose connection was reset");
          const got = await outcome(client, second, "the call after it");
          requireSame(got, { reply: second.reply }, "the call after a connection was lost");
        });
      },
    },
    {
      name: "settles every call when it is closed, and refuses the calls after that as not sent",
      run: () =>
        withClient(readOnly, async (client) => {
          const calls = exchanges.map((each, i) => outcome(client, each, `call ${i} before close`));
          await soon(client.close(), "the end of close");
          const replies = (await Promise.all(calls)).filter((each) => "reply" in each);
          requireSame(replies, [], "replies that nobody sent");
          const late = await outcome(client, first, "a call after close");
          requireSame(late, { delivery: "not-sent" }, "a call after close");
        }),
    },
    {
      name: "settles every call whatever bytes the server sends",
      run: async () => {
        for (let i = 0; i < 20; i += 1) {
          const random = createRandom(seed).fork(`garbage ${i}`);
          const play: Play = async (stream) => {
            await new ExactReader(stream).take(1);
            await stream.write(random.bytes(random.integer(1, 100)));
            stream.end();
          };
          await withClient(play, async (client) => {
            await outcome(client, first, `a call answered with garbage ${i}, seed ${seed}`);
          });
        }
      },
    },
  ];
}

/** What the suite, as the server, does with a connection; they are counted from 0. */
type Play = (stream: ByteStream, connection: number) => Promise<void>;

/** What it does once the first request of the first connection has been read. */
type LatePlay = (stream: ByteStream, reader: ExactReader, connection: number) => Promise<void>;

type Outcome<Reply> = { readonly reply: Reply } | { readonly delivery: Delivery };
type Delivery = "not-sent" | "unknown" | "rejected" | "answered";
const DELIVERIES: readonly Delivery[] = ["not-sent", "unknown", "rejected", "answered"];

const readOnly: Play = async (stream) => {
  while ((await stream.read()) !== undefined);
};

function requireOwn<Reply>(got: Outcome<Reply>, own: Reply): void {
  if ("reply" in got) requireSame(got.reply, own, "a call got the reply of another");
}

/** The exchanges whose requests come in, until the client ends its side. */
async function* requestsOf<Request, Reply>(
  stream: ByteStream,
  exchanges: readonly ClientExchange<Request, Reply>[],
): AsyncGenerator<ClientExchange<Request, Reply>, void, undefined> {
  let received: Uint8Array = new Uint8Array(0);
  for (;;) {
    const asked = exchanges.find(({ requestBytes }) => startsWith(received, requestBytes));
    if (asked !== undefined) {
      received = received.subarray(asked.requestBytes.length);
      yield asked;
      continue;
    }
    const bytes = await stream.read();
    if (bytes === undefined) return;
    received = coalesced([received, bytes]);
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, i) => byte === bytes[i]);
}
