import { type ConformanceCase, ConformanceError, require, requireSame, show } from "./conformance-case.ts";
import { createRandom } from "./random.ts";
import { byteByByte, coalesced, cutAt, randomPieces, splitsOf } from "./splits.ts";

/** What a decoder gives out, as far as the suite looks: `lost` is terminal. */
export type CodecEvent<Message> =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "bad" | "lost"; readonly error: unknown };

/** A decoder of one stream: bytes are pushed in, events are pulled out, undefined means that more bytes are needed. */
export interface ConformingDecoder<Message> {
  /** Takes bytes, as they came. */
  push(bytes: Uint8Array): void;
  /** No more bytes will come. */
  end(): void;
  /** The next event; undefined when more bytes are needed. */
  next(): CodecEvent<Message> | undefined;
  /** A shortcut that some have: the next message, or undefined, which says nothing but that `next` has to be asked. */
  nextMessage?(): Message | undefined;
  /** Bytes received and not given out. Where it is told, it has to be 0 between frames and more inside one. */
  readonly pendingBytes?: number;
}

/** A codec of frames. One that takes every read for a message cannot conform: how a stream is split is chance. */
export interface ConformingCodec<In, Out = In> {
  /** A new decoder, for one stream. */
  decoder(): ConformingDecoder<In>;
  /** The frame of a message. Throws for a message that none can hold. */
  encode(message: Out): Uint8Array;
}

/** The codec, and what is known of it. */
export interface CodecConformanceOptions<In, Out> {
  readonly codec: ConformingCodec<In, Out>;
  /** Messages to send, at least two, each within the limits. Every split of them together is tried: keep them short. */
  readonly messages: readonly Out[];
  /** What a message is when it is read again. Default: itself. */
  readonly decoded?: (message: Out) => In;
  /** Messages that the encoder must refuse by throwing: with the delimiter in them, too long, not encodable. */
  readonly refused?: readonly Out[];
  /** The longest frame that is read, by whatever measure the codec has, and the whole frame of a message of that measure. */
  readonly limit?: { readonly maxBytes: number; frameOf(bytes: number): Uint8Array };
  /**
   * For a codec that reads lengths. `prefix` announces a frame of `announcedBytes`; `usedBytes` says how much memory is in
   * use, such as `() => process.memoryUsage().arrayBuffers`.
   */
  readonly allocation?: { readonly prefix: Uint8Array; readonly announcedBytes: number; usedBytes(): number };
  /** Default 1. */
  readonly seed?: number;
}

/** What every codec of frames has to do. */
export function codecConformance<In, Out = In>(options: CodecConformanceOptions<In, Out>): ConformanceCase[] {
  const { codec, messages, refused = [], limit, allocation, seed = 1 } = options;
  if (messages.length < 2) throw new RangeError(`codecConformance got ${messages.length} messages, needs at least 2`);
  const decoded = options.decoded ?? ((message: Out) => message as unknown as In);
  const frames = (): Uint8Array[] => messages.map((message) => codec.encode(message));
  const expected = (count: number): CodecEvent<In>[] =>
    messages.slice(0, count).map((message) => ({ kind: "message", message: decoded(message) }));

  const cases: ConformanceCase[] = [
    {
      name: "reads every message that it wrote",
      run() {
        for (const [i, frame] of frames().entries()) {
          requireSame(eventsOf(codec, [frame]), expected(i + 1).slice(i), `message ${i}, alone`);
        }
        requireSame(eventsOf(codec, [coalesced(frames())]), expected(messages.length), "all in one piece");
      },
    },
    {
      name: "gives the same events however the stream is split",
      run() {
        for (const { name, pieces } of splitsOf(coalesced(frames()), { seed })) {
          for (const how of PULLS) {
            requireSame(eventsOf(codec, pieces, how), expected(messages.length), `${name}, pulled ${how}`);
          }
        }
      },
    },
    {
      name: "never takes a frame that the end of the stream cut off for a message",
      run() {
        const stream = coalesced(frames());
        const boundaries = ends(frames());
        for (let cut = 0; cut <= stream.length; cut += 1) {
          const whole = boundaries.filter((end) => end <= cut).length;
          const isBetween = cut === 0 || boundaries.includes(cut);
          const start = stream.subarray(0, cut);
          for (const how of PULLS) {
            for (const pieces of [[start], byteByByte(start)]) {
              const events = eventsOf(codec, pieces, how);
              const what = `cut after ${cut} of ${stream.length} bytes, pulled ${how}`;
              requireSame(events.slice(0, whole), expected(whole), what);
              const rest = events.slice(whole);
              if (isBetween) requireSame(rest, [], `${what}, between frames`);
              else {
                require(rest.length === 1 && rest[0]?.kind === "lost", () => {
                  return `${what}, inside a frame: got ${show(rest)}, expected "lost"`;
                });
              }
            }
          }
        }
      },
    },
    {
      name: "gives nothing out after the stream is lost",
      run() {
        const stream = coalesced(frames());
        for (const how of PULLS) {
          const decoder = codec.decoder();
          decoder.push(new Uint8Array(stream.subarray(0, (ends(frames())[0] ?? 1) - 1)));
          decoder.end();
          pull(decoder, stream.length, how);
          decoder.push(new Uint8Array(stream));
          requireSame(pull(decoder, stream.length, how), [], `events after the end, pulled ${how}`);
        }
      },
    },
    {
      name: "neither throws nor hangs on any bytes, and splits change nothing about them",
      run() {
        for (let i = 0; i < 200; i += 1) {
          const random = createRandom(seed).fork(`garbage ${i}`);
          const noise = random.bytes(random.integer(0, 60));
          // Noise between good frames too: what looks almost right gets further into a decoder.
          const stream = i % 2 === 0 ? noise : coalesced([noise, random.pick(frames()), noise, random.pick(frames())]);
          const whole = eventsOf(codec, [stream]);
          const pieces = randomPieces(stream, random);
          for (const how of PULLS) {
            requireSame(eventsOf(codec, byteByByte(stream), how), whole, `${show(stream)} byte by byte, pulled ${how}`);
            requireSame(eventsOf(codec, pieces, how), whole, `${show(stream)} in random pieces, pulled ${how}`);
          }
        }
      },
    },
    {
      name: "counts what it holds: nothing between frames, something inside one",
      run() {
        const decoder = codec.decoder();
        if (decoder.pendingBytes === undefined) return;
        for (const [i, frame] of frames().entries()) {
          for (const [j, byte] of byteByByte(frame).entries()) {
            const isWhole = j === frame.length - 1;
            decoder.push(new Uint8Array(byte));
            requireSame(pull(decoder, frame.length).length, isWhole ? 1 : 0, `events after byte ${j} of frame ${i}`);
            require(isWhole === (decoder.pendingBytes === 0), () => {
              return `pendingBytes is ${decoder.pendingBytes} after ${j + 1} of ${frame.length} bytes of frame ${i}`;
            });
          }
        }
      },
    },
    {
      name: "refuses to write what would be read as something else, and goes on",
      run() {
        for (const message of refused) {
          let frame: Uint8Array | undefined;
          try {
            frame = codec.encode(message);
          } catch {
            // As it should.
          }
          require(frame === undefined, () => `${show(message)} was written as ${show(frame)}`);
          requireSame(codec.encode(messages[0] as Out), frames()[0], "the frame written after a refusal");
        }
      },
    },
  ];
  if (limit !== undefined) cases.push(limitCase(codec, limit));
  if (allocation !== undefined) cases.push(allocationCase(codec, allocation));
  return cases;
}

function limitCase<In, Out>(
  codec: ConformingCodec<In, Out>,
  limit: NonNullable<CodecConformanceOptions<In, Out>["limit"]>,
): ConformanceCase {
  return {
    name: "takes frames up to its limit and none beyond it, in one piece or many",
    run() {
      for (const bytes of [limit.maxBytes - 1, limit.maxBytes, limit.maxBytes + 1]) {
        const frame = limit.frameOf(bytes);
        const isAllowed = bytes <= limit.maxBytes;
        for (const pieces of [[frame], byteByByte(frame), cutAt(frame, [frame.length - 1])]) {
          for (const how of PULLS) {
            const events = eventsOf(codec, pieces, how);
            const isMessage = events.length === 1 && events[0]?.kind === "message";
            const isRefused = events.length > 0 && events[0]?.kind !== "message";
            require(isAllowed ? isMessage : isRefused, () => {
              const what = `a frame of ${bytes} bytes, limit ${limit.maxBytes}, in ${pieces.length} pieces`;
              return `${what}, pulled ${how}: got ${show(events)}`;
            });
          }
        }
      }
    },
  };
}

function allocationCase<In, Out>(
  codec: ConformingCodec<In, Out>,
  allocation: NonNullable<CodecConformanceOptions<In, Out>["allocation"]>,
): ConformanceCase {
  return {
    name: "takes no memory for a frame that was only announced",
    run() {
      const decoders = Array.from({ length: 100 }, () => codec.decoder());
      const beforeBytes = allocation.usedBytes();
      for (const decoder of decoders) {
        decoder.push(new Uint8Array(allocation.prefix));
        requireSame(pull(decoder, 10), [], "events after the announcement");
      }
      const takenBytes = allocation.usedBytes() - beforeBytes;
      const announcedBytes = allocation.announcedBytes * decoders.length;
      require(takenBytes < announcedBytes / 10, () => {
        return `${takenBytes} bytes were taken for ${announcedBytes} bytes announced in ${decoders.length} streams`;
      });
    },
  };
}

/** When events are pulled: after each piece or when the stream has ended; and through which of a decoder's functions. */
const PULLS = ["at once", "at the end", "by nextMessage"] as const;

/** All events of a stream that arrives in these pieces and then ends. Pieces are copied: the decoder owns what it gets. */
function eventsOf<In>(
  codec: ConformingCodec<In, never>,
  pieces: readonly Uint8Array[],
  how: (typeof PULLS)[number] = "at once",
): CodecEvent<In>[] {
  const decoder = codec.decoder();
  const events: CodecEvent<In>[] = [];
  const limit = pieces.reduce((sum, piece) => sum + piece.length, 0) + 2;
  for (const piece of pieces) {
    decoder.push(new Uint8Array(piece));
    if (how !== "at the end") events.push(...pull(decoder, limit, how));
  }
  decoder.end();
  events.push(...pull(decoder, limit, how));
  const lost = events.findIndex((event) => event.kind === "lost");
  require(lost === -1 || lost === events.length - 1, () => `events came after "lost": ${show(events.slice(lost))}`);
  return events;
}

/**
 * Events until more bytes are needed. They are kept as they are given: a decoder that writes its next message over the last is
 * found when they are compared. A frame takes a byte at least, so more events than bytes are a loop without end.
 */
function pull<In>(
  decoder: ConformingDecoder<In>,
  limit: number,
  how: (typeof PULLS)[number] = "at once",
): CodecEvent<In>[] {
  const events: CodecEvent<In>[] = [];
  const next = (): CodecEvent<In> | undefined => {
    const message = how === "by nextMessage" ? decoder.nextMessage?.() : undefined;
    return message === undefined ? decoder.next() : { kind: "message", message };
  };
  for (let event = next(); event !== undefined; event = next()) {
    events.push(event);
    if (events.length > limit) throw new ConformanceError(`more than ${limit} events of ${limit} bytes`);
  }
  return events;
}

/** Where each frame ends in the stream of all of them. */
function ends(frames: readonly Uint8Array[]): number[] {
  let end = 0;
  return frames.map((frame) => (end += frame.length));
}
