import { DatagramFaultLine, validatedDatagramFaults } from "./datagram-faults.ts";
import type { DatagramCounts, DatagramFaults, Delivery } from "./datagram-faults.ts";
import { refuseUnknownKeys, wholeNumber } from "./options.ts";
import { createRandom, type Random } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A datagram as its receiver sees it. `from` may be a lie. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: string;
  readonly to: string;
}

/** One thing that happened, for a trace. `id` counts the datagrams sent; a delivery carries that of its original. */
export type DatagramEvent = Datagram & {
  readonly kind: "sent" | "delivered" | "spoofed" | "unreachable";
  readonly atMs: number;
  readonly id: number;
};

/** A socket of the virtual network. */
export interface VirtualSocket {
  readonly address: string;
  /** Throws `RangeError` when the datagram is larger than the network carries, `Error` when the socket is closed. */
  send(bytes: Uint8Array, to: string): void;
  /** Nothing arrives any more, and nothing can be sent. */
  close(): void;
}

/** What a network of datagrams is made of. */
export interface DatagramNetworkOptions {
  readonly clock: VirtualClock;
  /** Default 1. */
  readonly seed?: number;
  /** In every direction that has no faults of its own. */
  readonly faults?: DatagramFaults;
  /** Default 65507, what UDP over IPv4 carries. */
  readonly maxDatagramBytes?: number;
  /** Called for everything that happens: keep it as a trace, or count. */
  readonly observe?: (event: DatagramEvent) => void;
}

/** Datagrams between named addresses in virtual time, lost, doubled, reordered, delayed, damaged and forged by a seed. */
export interface DatagramNetwork {
  /** Opens a socket; throws `Error` when the address is taken. `receive` is called from the clock, never from within `send`. */
  bind(address: string, receive: (datagram: Datagram) => void): VirtualSocket;
  /** Faults from now on: of one direction, or without `from` and `to` of all directions, replacing what they had. */
  setFaults(faults: DatagramFaults, direction?: { readonly from: string; readonly to: string }): void;
  /** Delivers a datagram that nobody sent, as an attacker would, without faults. */
  inject(datagram: Datagram): void;
  /** Lets go of what reordering holds back. */
  release(): void;
  /** What was done, in one direction or in all together. */
  counts(direction?: { readonly from: string; readonly to: string }): DatagramCounts;
}

/** A network without sockets. Nothing arrives until the clock runs. */
export function createDatagramNetwork(options: DatagramNetworkOptions): DatagramNetwork {
  refuseUnknownKeys("createDatagramNetwork", options, ["clock", "seed", "faults", "maxDatagramBytes", "observe"]);
  return new Network(options);
}

interface Direction {
  readonly from: string;
  readonly to: string;
  readonly line: DatagramFaultLine;
  /** Ids of what the line was given, by the line's index. */
  readonly ids: number[];
}

class Network implements DatagramNetwork {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #maxDatagramBytes: number;
  readonly #observe: (event: DatagramEvent) => void;
  readonly #receivers = new Map<string, (datagram: Datagram) => void>();
  readonly #directions = new Map<string, Direction>();
  #faults: DatagramFaults;
  #sent = 0;

  constructor(options: DatagramNetworkOptions) {
    this.#clock = options.clock;
    this.#random = createRandom(options.seed ?? 1);
    // Wrong faults are told here and not when the first datagram is sent.
    this.#faults = validatedDatagramFaults(options.faults ?? {});
    this.#maxDatagramBytes = wholeNumber("maxDatagramBytes", options.maxDatagramBytes ?? 65_507, 1, 65_535);
    this.#observe = options.observe ?? (() => {});
  }

  bind(address: string, receive: (datagram: Datagram) => void): VirtualSocket {
    if (this.#receivers.has(address)) throw new Error(`${address} is already in use`);
    this.#receivers.set(address, receive);
    return {
      address,
      send: (bytes, to) => {
        if (this.#receivers.get(address) !== receive) throw new Error(`the socket ${address} is closed`);
        this.#send(bytes, address, to);
      },
      close: () => {
        if (this.#receivers.get(address) === receive) this.#receivers.delete(address);
      },
    };
  }

  setFaults(faults: DatagramFaults, direction?: { readonly from: string; readonly to: string }): void {
    if (direction !== undefined) {
      this.#direction(direction.from, direction.to).line.setFaults(faults);
      return;
    }
    this.#faults = validatedDatagramFaults(faults);
    for (const { line } of this.#directions.values()) line.setFaults(faults);
  }

  inject(datagram: Datagram): void {
    const id = this.#sent++;
    const { bytes, from, to } = datagram;
    const copy = new Uint8Array(bytes);
    this.#tell("sent", id, { bytes: new Uint8Array(bytes), from, to });
    this.#clock.after(0, () => this.#arrive("delivered", id, { bytes: copy, from, to }));
  }

  release(): void {
    for (const direction of this.#directions.values()) this.#deliver(direction, direction.line.release());
  }

  counts(direction?: { readonly from: string; readonly to: string }): DatagramCounts {
    if (direction !== undefined) return this.#direction(direction.from, direction.to).line.counts;
    const sum = { received: 0, forwarded: 0, lost: 0, duplicated: 0, reordered: 0, corrupted: 0, spoofed: 0, held: 0 };
    for (const { line } of this.#directions.values()) {
      for (const [name, count] of Object.entries(line.counts)) sum[name as keyof DatagramCounts] += count;
    }
    return sum;
  }

  #send(bytes: Uint8Array, from: string, to: string): void {
    if (bytes.length > this.#maxDatagramBytes) {
      throw new RangeError(`datagram is ${bytes.length} bytes, limit is ${this.#maxDatagramBytes}`);
    }
    const id = this.#sent++;
    this.#tell("sent", id, { bytes: new Uint8Array(bytes), from, to });
    const direction = this.#direction(from, to);
    direction.ids.push(id);
    this.#deliver(direction, direction.line.pass(bytes));
  }

  #deliver({ from, to, ids }: Direction, deliveries: readonly Delivery[]): void {
    for (const { bytes, delayMs, isSpoofed, index } of deliveries) {
      const datagram = { bytes, from: isSpoofed ? `${from}/spoofed` : from, to };
      const kind = isSpoofed ? "spoofed" : "delivered";
      this.#clock.after(delayMs, () => this.#arrive(kind, ids[index] ?? 0, datagram));
    }
  }

  #arrive(kind: "delivered" | "spoofed", id: number, datagram: Datagram): void {
    const receive = this.#receivers.get(datagram.to);
    this.#tell(receive === undefined ? "unreachable" : kind, id, datagram);
    receive?.(datagram);
  }

  #tell(kind: DatagramEvent["kind"], id: number, datagram: Datagram): void {
    this.#observe({ kind, atMs: this.#clock.now(), id, ...datagram });
  }

  #direction(from: string, to: string): Direction {
    const key = JSON.stringify([from, to]);
    let direction = this.#directions.get(key);
    if (direction === undefined) {
      direction = { from, to, line: new DatagramFaultLine(this.#random.fork(key), this.#faults), ids: [] };
      this.#directions.set(key, direction);
    }
    return direction;
  }
}
