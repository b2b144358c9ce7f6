import {
  DatagramClient,
  type DatagramClientOptions,
  type DatagramOutcome,
  type DatagramPeer,
  DatagramServer,
  type DatagramServerOptions,
} from "@tallyline/request-reply";

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function seededBytes(seed: number): (count: number) => Uint8Array {
  const random = seeded(seed);
  return (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
}

/** Any hash of both will do for the machine, so one that every runtime has: eight lanes of FNV-1a. */
function keyedHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, lane) => {
    let hash = 0x811c9dc5 ^ lane;
    for (const byte of [...key, ...message]) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash >>> 24;
  });
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

export const loopbackPeer: DatagramPeer = { key: "127.0.0.1:50000", isValidated: true, isPlainIgnored: false };
export const remotePeer: DatagramPeer = { key: "192.0.2.7:50000", isValidated: false, isPlainIgnored: false };

export function newServer(options: Partial<DatagramServerOptions> = {}): DatagramServer {
  return new DatagramServer({ keyedHash, randomBytes: seededBytes(1), now: 0, ...options });
}

export function newClient(options: Partial<DatagramClientOptions> = {}): DatagramClient {
  return new DatagramClient({ randomBytes: seededBytes(2), ...options });
}

/** What goes wrong between a client and a server; chances are from 0 to 1. */
export interface Faults {
  readonly loss: number;
  readonly duplication: number;
  /** Each copy takes a random time up to this, so datagrams overtake each other. */
  readonly maxDelayMs: number;
  /** A handler takes a random time up to this. */
  readonly maxHandlerMs: number;
}

export interface CallRecord {
  readonly payload: string;
  readonly deadlineAt: number;
  readonly endedAt: number;
  readonly outcome: DatagramOutcome;
  readonly executions: number;
}

/**
 * One client and one server with a network between them that follows the seed. Time is virtual: it jumps from event to event.
 * Runs until nothing is left to happen, also after the last call has ended, so that late copies get their chance to do harm.
 */
export class VirtualNetwork {
  readonly client: DatagramClient;
  readonly server: DatagramServer;
  readonly records: CallRecord[] = [];
  datagramsSent = 0;
  #now = 0;
  readonly #faults: Faults;
  readonly #peer: DatagramPeer;
  readonly #reply: (payload: string) => string;
  readonly #random: () => number;
  readonly #events: { readonly at: number; readonly run: () => void }[] = [];
  readonly #calls = new Map<number, { readonly payload: string; readonly deadlineAt: number }>();
  readonly #executions = new Map<string, number>();

  constructor(options: {
    readonly seed: number;
    readonly faults: Faults;
    readonly peer?: DatagramPeer;
    readonly reply?: (payload: string) => string;
    readonly client?: Partial<DatagramClientOptions>;
    readonly server?: Partial<DatagramServerOptions>;
  }) {
    this.#faults = options.faults;
    this.#peer = options.peer ?? loopbackPeer;
    this.#reply = options.reply ?? ((payload) => `ran ${payload}`);
    this.#random = seeded(options.seed);
    this.client = newClient({ randomBytes: seededBytes(options.seed + 1), ...options.client });
    // The server has been up for a while: right after its start it refuses what may have been run by the one before it.
    this.server = newServer({ now: -60_000, randomBytes: seededBytes(options.seed + 2), ...options.server });
  }

  /** Calls with the payloads `0`, `1`, …, begun at random times within the first second. Returns when all is quiet. */
  run(options: { readonly calls: number; readonly deadlineMs: number; readonly isIdempotent?: boolean }): void {
    for (let i = 0; i < options.calls; i++) {
      this.#after(this.#random() * 1000, () => {
        const deadlineAt = this.#now + options.deadlineMs;
        const call = this.client.start(
          bytes(`${i}`),
          { deadlineAt, isIdempotent: options.isIdempotent ?? false },
          this.#now,
        );
        this.#calls.set(call, { payload: `${i}`, deadlineAt });
        this.#pump();
      });
    }
    // Ends because calls, copies of each and deliveries of each copy are bounded.
    for (let event = this.#next(); event !== undefined; event = this.#next()) {
      this.#now = event.at;
      event.run();
    }
  }

  #next(): { at: number; run: () => void } | undefined {
    this.#events.sort((a, b) => b.at - a.at);
    return this.#events.pop();
  }

  #after(delayMs: number, run: () => void): void {
    this.#events.push({ at: this.#now + delayMs, run });
  }

  #deliver(run: () => void): void {
    const { loss, duplication, maxDelayMs } = this.#faults;
    const copies = this.#random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random() >= loss) this.#after(this.#random() * maxDelayMs, run);
    }
  }

  /** The duty of whoever drives a client: send, take outcomes, wake at the timeout. */
  #pump(): void {
    for (
      let next = this.client.pollTransmit(this.#now);
      next !== undefined;
      next = this.client.pollTransmit(this.#now)
    ) {
      this.datagramsSent++;
      const datagram = next;
      this.#deliver(() => this.#atServer(datagram));
    }
    for (let ended = this.client.pollOutcome(); ended !== undefined; ended = this.client.pollOutcome()) {
      const { call, outcome } = ended;
      const { payload, deadlineAt } = this.#calls.get(call)!;
      const executions = this.#executions;
      this.records.push({
        payload,
        deadlineAt,
        endedAt: this.#now,
        outcome,
        get executions() {
          return executions.get(payload) ?? 0;
        },
      });
    }
    const at = this.client.nextTimeoutAt();
    if (at !== Infinity) this.#after(at - this.#now, () => this.#pump());
  }

  #atServer(datagram: Uint8Array): void {
    const step = this.server.handle(datagram, this.#peer, this.#now);
    if (step.kind === "send") this.#toClient(step.datagram);
    if (step.kind !== "run") return;
    const payload = text(step.payload);
    this.#executions.set(payload, (this.#executions.get(payload) ?? 0) + 1);
    this.#after(this.#random() * this.#faults.maxHandlerMs, () => {
      const reply = this.server.complete(step.request, bytes(this.#reply(payload)), this.#now);
      if (reply !== undefined) this.#toClient(reply);
    });
  }

  #toClient(datagram: Uint8Array): void {
    this.#deliver(() => {
      this.client.handle(datagram, this.#now);
      this.#pump();
    });
  }
}
