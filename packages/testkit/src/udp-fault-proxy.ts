import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { isIP, isIPv6 } from "node:net";
import { DatagramFaultLine, validatedDatagramFaults } from "./datagram-faults.ts";
import type { DatagramCounts, DatagramFaults, Delivery } from "./datagram-faults.ts";
import { refuseUnknownKeys, wholeNumber } from "./options.ts";
import { createRandom, type Random } from "./random.ts";

/** What goes wrong with the datagrams through a proxy. A way that is not named has no faults. */
export interface UdpFaults {
  readonly toTarget?: DatagramFaults;
  readonly toClient?: DatagramFaults;
}

/** What a UDP proxy is made of. */
export interface UdpFaultProxyOptions {
  readonly target: { readonly host?: string; readonly port: number };
  readonly faults?: UdpFaults;
  /** Default 1. What happens to the datagrams of the n-th client depends on the seed, n and the datagrams, not on time. */
  readonly seed?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Clients at a time, each with a socket to the target; the one that came first makes room. Default 1024. */
  readonly maxClients?: number;
  /** Datagrams being delayed at a time; more are thrown away and counted. Default 4096. */
  readonly maxDelayed?: number;
}

/** What a proxy has done, over all clients. */
export interface UdpProxyCounts {
  /** Addresses that datagrams came from; one that was forgotten and came back counts twice. */
  readonly clients: number;
  readonly openClients: number;
  /** Thrown away because too many were being delayed; the ways count them as forwarded. */
  readonly overflowed: number;
  readonly toTarget: DatagramCounts;
  readonly toClient: DatagramCounts;
}

/** A proxy that listens; send to it instead of the target. */
export interface UdpFaultProxy extends AsyncDisposable {
  /** `udp://127.0.0.1:65432`; an IPv6 address stands in brackets. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** From now on, for known clients too. */
  setFaults(faults: UdpFaults): void;
  /** Lets go of what reordering holds back. */
  release(): void;
  /** What was done so far. */
  counts(): UdpProxyCounts;
  /** Listens no longer, and forgets what is delayed. */
  close(): Promise<void>;
}

/**
 * A UDP proxy that does to datagrams what networks do. The target sees each client at an address of its own; forgeries come from an
 * address that is neither the client's nor the proxy's. Rejects as `bind` of node:dgram does.
 */
export async function createUdpFaultProxy(options: UdpFaultProxyOptions): Promise<UdpFaultProxy> {
  refuseUnknownKeys("createUdpFaultProxy", options, [
    "target",
    "faults",
    "seed",
    "host",
    "port",
    "maxClients",
    "maxDelayed",
  ]);
  const target = options.target.host ?? "127.0.0.1";
  const address = isIP(target) === 0 ? (await lookup(target)).address : target;
  const proxy = new UdpProxy(options, address);
  await proxy.bind(options.host ?? "127.0.0.1", wholeNumber("port", options.port ?? 0, 0, 65_535));
  return proxy;
}

/** A client: its address, the socket that speaks for it to the target, and the two ways. */
interface Client {
  readonly host: string;
  readonly port: number;
  readonly back: Socket;
  readonly toTarget: DatagramFaultLine;
  readonly toClient: DatagramFaultLine;
}

class UdpProxy implements UdpFaultProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #random: Random;
  readonly #maxClients: number;
  readonly #maxDelayed: number;
  readonly #clients = new Map<string, Client>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Where forgeries come from. What is answered to them goes nowhere, as it would. */
  readonly #stranger: Socket;
  #front: Socket | undefined;
  #faults: UdpFaults;
  #clientCount = 0;
  #overflowed = 0;
  /** Of clients that are forgotten. */
  #toTarget = noDatagramCounts;
  #toClient = noDatagramCounts;
  #closing: Promise<void> | undefined;
  host = "";
  port = 0;

  constructor(options: UdpFaultProxyOptions, targetAddress: string) {
    this.#target = { host: targetAddress, port: wholeNumber("target.port", options.target.port, 1, 65_535) };
    this.#random = createRandom(options.seed ?? 1);
    this.#maxClients = wholeNumber("maxClients", options.maxClients ?? 1024, 1, 65_535);
    this.#maxDelayed = wholeNumber("maxDelayed", options.maxDelayed ?? 4096, 1, 2 ** 20);
    this.#faults = validated(options.faults ?? {});
    this.#stranger = openSocket(targetAddress);
  }

  async bind(host: string, port: number): Promise<void> {
    this.#front = openSocket(host);
    this.#front.on("message", (bytes, from) => this.#fromClient(bytes, from));
    // `once` rejects on `error`; the listener of `openSocket` must not hide that it did.
    const bound = once(this.#front, "listening");
    this.#front.bind(port, host);
    try {
      await bound;
    } catch (error) {
      this.#stranger.close();
      throw error;
    }
    ({ address: this.host, port: this.port } = this.#front.address());
  }

  get url(): string {
    return `udp://${isIPv6(this.host) ? `[${this.host}]` : this.host}:${this.port}`;
  }

  setFaults(faults: UdpFaults): void {
    this.#faults = validated(faults);
    for (const client of this.#clients.values()) {
      client.toTarget.setFaults(faults.toTarget ?? {});
      client.toClient.setFaults(faults.toClient ?? {});
    }
  }

  release(): void {
    for (const client of this.#clients.values()) {
      this.#toTargetOf(client, client.toTarget.release());
      this.#toClientOf(client, client.toClient.release());
    }
  }

  counts(): UdpProxyCounts {
    const clients = [...this.#clients.values()];
    return {
      clients: this.#clientCount,
      openClients: clients.length,
      overflowed: this.#overflowed,
      toTarget: clients.reduce((sum, each) => sumOf(sum, each.toTarget.counts), this.#toTarget),
      toClient: clients.reduce((sum, each) => sumOf(sum, each.toClient.counts), this.#toClient),
    };
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#timers.clear();
      for (const key of this.#clients.keys()) this.#forget(key);
      this.#stranger.close();
      const front = this.#front;
      if (front === undefined) return;
      const closed = once(front, "close");
      front.close();
      this.#front = undefined;
      await closed;
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #fromClient(bytes: Uint8Array, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    const client = this.#clients.get(key) ?? this.#meet(key, from);
    this.#toTargetOf(client, client.toTarget.pass(bytes));
  }

  #meet(key: string, from: RemoteInfo): Client {
    const [oldest] = this.#clients.keys();
    if (oldest !== undefined && this.#clients.size >= this.#maxClients) this.#forget(oldest);
    const random = this.#random.fork(`client ${this.#clientCount++}`);
    const back = openSocket(this.#target.host);
    const client: Client = {
      host: from.address,
      port: from.port,
      back,
      toTarget: new DatagramFaultLine(random.fork("toTarget"), this.#faults.toTarget),
      toClient: new DatagramFaultLine(random.fork("toClient"), this.#faults.toClient),
    };
    back.on("message", (bytes, sender) => {
      // Only the target is proxied; what somebody else sends here is not the client's.
      if (sender.port === this.#target.port) this.#toClientOf(client, client.toClient.pass(bytes));
    });
    this.#clients.set(key, client);
    return client;
  }

  #forget(key: string): void {
    const client = this.#clients.get(key);
    if (client === undefined) return;
    this.#clients.delete(key);
    this.#toTarget = sumOf(this.#toTarget, client.toTarget.counts);
    this.#toClient = sumOf(this.#toClient, client.toClient.counts);
    client.back.close();
  }

  #toTargetOf(client: Client, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      this.#later(delivery.delayMs, () => {
        send(delivery.isSpoofed ? this.#stranger : client.back, delivery.bytes, this.#target);
      });
    }
  }

  #toClientOf(client: Client, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      this.#later(delivery.delayMs, () => {
        const socket = delivery.isSpoofed ? this.#stranger : this.#front;
        if (socket !== undefined) send(socket, delivery.bytes, client);
      });
    }
  }

  #later(delayMs: number, run: () => void): void {
    if (delayMs === 0) {
      run();
    } else if (this.#timers.size >= this.#maxDelayed) {
      this.#overflowed += 1;
    } else {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        run();
      }, delayMs);
      this.#timers.add(timer);
    }
  }
}

function validated(faults: UdpFaults): UdpFaults {
  refuseUnknownKeys("faults", faults, ["toTarget", "toClient"]);
  validatedDatagramFaults(faults.toTarget ?? {});
  validatedDatagramFaults(faults.toClient ?? {});
  return { ...faults };
}

/** A socket of the address's family on which errors, such as reports that nobody listens, are not the end of the process. */
function openSocket(address: string): Socket {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.on("error", () => {});
  return socket;
}

/** Sends, unless the socket has been closed meanwhile; a datagram that cannot be sent is one that was lost. */
function send(socket: Socket, bytes: Uint8Array, to: { readonly host: string; readonly port: number }): void {
  try {
    socket.send(bytes, to.port, to.host, () => {});
  } catch {
    // ERR_SOCKET_DGRAM_NOT_RUNNING: the client was forgotten while its datagram was delayed.
  }
}

const noDatagramCounts: DatagramCounts = {
  received: 0,
  forwarded: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  spoofed: 0,
  held: 0,
};

function sumOf(a: DatagramCounts, b: DatagramCounts): DatagramCounts {
  const entries = Object.entries(a).map(([name, count]) => [name, count + b[name as keyof DatagramCounts]]);
  return Object.fromEntries(entries) as DatagramCounts;
}
