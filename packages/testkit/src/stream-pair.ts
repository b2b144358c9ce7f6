import { StreamResetError, type ByteStream } from "./byte-stream.ts";
import { refuseUnknownKeys, wholeNumber } from "./options.ts";
import { createRandom } from "./random.ts";
import { StreamFaultLine, type StreamAction, type StreamCounts, type StreamFaults } from "./stream-faults.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** The two ways through a pair. */
export interface StreamPairFaults {
  readonly leftToRight?: StreamFaults;
  readonly rightToLeft?: StreamFaults;
}

/** What a pair of streams is made of. */
export interface StreamPairOptions {
  readonly clock: VirtualClock;
  /** Default 1. */
  readonly seed?: number;
  readonly faults?: StreamPairFaults;
  /** Bytes written and not yet read at which `write` begins to wait. Default 65536. */
  readonly maxUnreadBytes?: number;
}

/** A byte stream in memory, in virtual time: what one end writes the other reads, after the faults. */
export interface StreamPair {
  readonly left: ByteStream;
  readonly right: ByteStream;
  /** Faults of both ways from now on; a way that is not named has none. */
  setFaults(faults: StreamPairFaults): void;
  /** What was done to the bytes, each way. */
  counts(): { readonly leftToRight: StreamCounts; readonly rightToLeft: StreamCounts };
}

/** An open pair. Nothing arrives until the clock runs. */
export function createStreamPair(options: StreamPairOptions): StreamPair {
  refuseUnknownKeys("createStreamPair", options, ["clock", "seed", "faults", "maxUnreadBytes"]);
  const { clock, faults = {} } = options;
  refuseUnknownKeys("faults", faults, ["leftToRight", "rightToLeft"]);
  const maxUnreadBytes = wholeNumber("maxUnreadBytes", options.maxUnreadBytes ?? 65_536, 1, 2 ** 30);
  const random = createRandom(options.seed ?? 1);
  const resetBoth = (): void => {
    leftToRight.reset();
    rightToLeft.reset();
  };
  const pipe = (label: "leftToRight" | "rightToLeft"): Pipe =>
    new Pipe(clock, maxUnreadBytes, new StreamFaultLine(random.fork(label), faults[label]), resetBoth);
  const leftToRight = pipe("leftToRight");
  const rightToLeft = pipe("rightToLeft");

  return {
    left: endOf(clock, leftToRight, rightToLeft),
    right: endOf(clock, rightToLeft, leftToRight),
    setFaults(changed) {
      refuseUnknownKeys("faults", changed, ["leftToRight", "rightToLeft"]);
      leftToRight.setFaults(changed.leftToRight ?? {});
      rightToLeft.setFaults(changed.rightToLeft ?? {});
    },
    counts: () => ({ leftToRight: leftToRight.line.counts, rightToLeft: rightToLeft.line.counts }),
  };
}

function endOf(clock: VirtualClock, outgoing: Pipe, incoming: Pipe): ByteStream {
  return {
    write: (bytes) => outgoing.write(bytes),
    end: () => outgoing.end(),
    read: () => incoming.read(),
    reset: () => {
      incoming.forget();
      outgoing.writerReset();
      // The other side learns it behind the bytes that are under way, as on a wire.
      clock.after(0, () => outgoing.reset());
    },
  };
}

/**
 * One way through. Bytes go: written → fault line → under way (in order, `#dueMs`) → arrived → read.
 * A stalled line takes no more; what is written meanwhile waits in `#waiting`, and `write` waits with it.
 */
class Pipe {
  readonly line: StreamFaultLine;
  readonly #clock: VirtualClock;
  readonly #maxUnreadBytes: number;
  readonly #resetBoth: () => void;

  #waiting: Uint8Array[] = [];
  #arrived: Uint8Array[] = [];
  #unreadBytes = 0;
  #dueMs = 0;
  #hasEnded = false;
  #endArrived = false;
  #isReset = false;
  #reader: { resolve(bytes: Uint8Array | undefined): void; reject(error: Error): void } | undefined;
  #writers: { resolve(): void; reject(error: Error): void }[] = [];

  constructor(clock: VirtualClock, maxUnreadBytes: number, line: StreamFaultLine, resetBoth: () => void) {
    this.#clock = clock;
    this.#maxUnreadBytes = maxUnreadBytes;
    this.line = line;
    this.#resetBoth = resetBoth;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#isReset) return Promise.reject(new StreamResetError());
    if (this.#hasEnded) return Promise.reject(new Error("this side of the stream has ended"));
    this.#unreadBytes += bytes.length;
    this.#waiting.push(new Uint8Array(bytes));
    this.#proceed();
    if (this.#unreadBytes < this.#maxUnreadBytes) return Promise.resolve();
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#proceed();
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#reader !== undefined) return Promise.reject(new Error("one read at a time"));
    const promise = new Promise<Uint8Array | undefined>((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
    this.#answerReader();
    return promise;
  }

  setFaults(faults: StreamFaults): void {
    this.#schedule(this.line.setFaults(faults));
    this.#proceed();
  }

  /** The stream is gone: what has arrived can still be read, then reading fails. */
  reset(): void {
    this.#isReset = true;
    this.writerReset();
    this.#answerReader();
  }

  /** Nothing written from here on can arrive. */
  writerReset(): void {
    this.#hasEnded = true;
    this.#waiting = [];
    for (const writer of this.#writers.splice(0)) writer.reject(new StreamResetError());
  }

  /** The reader itself has reset the stream: what it did not read is gone for it, and the other side's writes fail. */
  forget(): void {
    this.#arrived = [];
    this.reset();
  }

  #proceed(): void {
    while (!this.line.isStalled) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      this.#schedule(this.line.push(bytes));
      this.#countDiscarded();
    }
    if (this.#hasEnded && this.#waiting.length === 0 && !this.line.isStalled && !this.#isReset) {
      this.#schedule(this.line.end());
    }
  }

  #schedule(actions: readonly StreamAction[]): void {
    for (const action of actions) {
      this.#dueMs = Math.max(this.#dueMs, this.#clock.now() + action.delayMs);
      this.#clock.after(this.#dueMs - this.#clock.now(), () => this.#arrive(action));
    }
  }

  #arrive(action: StreamAction): void {
    if (this.#isReset) return;
    if (action.kind === "write") this.#arrived.push(action.bytes);
    else if (action.kind === "end") this.#endArrived = true;
    else this.#resetBoth();
    this.#answerReader();
  }

  /** Bytes that a fault threw away will not be read, so they must not hold the writer back. */
  #discarded = 0;
  #countDiscarded(): void {
    const { discardedBytes } = this.line.counts;
    this.#release(discardedBytes - this.#discarded);
    this.#discarded = discardedBytes;
  }

  #answerReader(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const bytes = this.#arrived.shift();
    if (bytes === undefined && !this.#endArrived && !this.#isReset) return;
    this.#reader = undefined;
    if (bytes === undefined && this.#isReset) reader.reject(new StreamResetError());
    else reader.resolve(bytes);
    this.#release(bytes?.length ?? 0);
  }

  #release(bytes: number): void {
    this.#unreadBytes -= bytes;
    if (this.#unreadBytes < this.#maxUnreadBytes) for (const writer of this.#writers.splice(0)) writer.resolve();
  }
}
