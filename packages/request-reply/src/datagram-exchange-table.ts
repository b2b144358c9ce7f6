/** One request that a server received, from its first copy until it is forgotten. */
export interface Exchange {
  /** The peer and the id, once it is in the table. */
  key: string;
  readonly id: string;
  readonly peer: { readonly key: string; readonly isValidated: boolean; readonly isPlainIgnored: boolean };
  readonly isPlain: boolean;
  readonly isIdempotent: boolean;
  readonly arrivedAt: number;
  readonly contentHash: number;
  /** Bytes of the copy that will be answered, and the cookie that came with it. */
  copyBytes: number;
  cookie: string | undefined;
  isRunning: boolean;
  completedAt: number;
  /** The whole reply datagram; undefined if the handler had nothing to say. */
  reply: Uint8Array | undefined;
  /** The exchange that was completed next. */
  newer: Exchange | undefined;
}

/**
 * The memory of a server: which requests run, and which have run and must not run again, with what was answered.
 *
 * Running exchanges are never forgotten. Completed ones are, oldest first, when their lifetime is over or the table is full.
 * `horizon` is what makes forgetting safe: every such request that arrived after it is still in the table, so a
 * call which is not in the table and was first sent after the horizon has certainly not run.
 *
 * Invariant: `size = running + completed`, and the list from `#oldest` by `newer` holds exactly the completed ones.
 */
export class ExchangeTable {
  readonly #limits: { readonly exchangesMax: number; readonly bytesMax: number; readonly lifetimeMs: number };
  readonly #exchanges = new Map<string, Exchange>();
  #oldest: Exchange | undefined;
  #newest: Exchange | undefined;
  #bytes = 0;
  #horizon = -Infinity;

  constructor(limits: { readonly exchangesMax: number; readonly bytesMax: number; readonly lifetimeMs: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#exchanges.size;
  }

  /** Requests that arrived later than this are all remembered. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Making the key costs more than all that is done with a request besides, and often nothing is remembered. */
  get(peer: { readonly key: string }, id: string): Exchange | undefined {
    return this.#exchanges.size === 0 ? undefined : this.#exchanges.get(peer.key + id);
  }

  /** Remembers a running exchange. Makes room among the completed ones first. */
  add(exchange: Exchange, now: number): void {
    this.#forgetExpired(now);
    if (this.#exchanges.size >= this.#limits.exchangesMax) this.#forgetOldest();
    exchange.key = exchange.peer.key + exchange.id;
    this.#exchanges.set(exchange.key, exchange);
  }

  /** A running exchange has got its reply; from now on it may be forgotten. */
  complete(exchange: Exchange, now: number): void {
    exchange.completedAt = now;
    this.#bytes += sizeOf(exchange);
    if (this.#newest === undefined) this.#oldest = exchange;
    else this.#newest.newer = exchange;
    this.#newest = exchange;
    // Ends because every turn takes one exchange from a finite list.
    while (this.#bytes > this.#limits.bytesMax && this.#oldest !== undefined) this.#forgetOldest();
  }

  /** A running exchange has ended and need not be remembered. */
  remove(exchange: Exchange): void {
    this.#exchanges.delete(exchange.key);
  }

  #forgetExpired(now: number): void {
    const expired = now - this.#limits.lifetimeMs;
    while (this.#oldest !== undefined && this.#oldest.completedAt <= expired) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const exchange = this.#oldest;
    if (exchange === undefined) return;
    this.#oldest = exchange.newer;
    if (this.#oldest === undefined) this.#newest = undefined;
    this.#exchanges.delete(exchange.key);
    this.#bytes -= sizeOf(exchange);
    this.#horizon = Math.max(this.#horizon, exchange.arrivedAt);
  }
}

function sizeOf(exchange: Exchange): number {
  return entryBytes + (exchange.reply?.length ?? 0);
}

/** An exchange, its key and its place in the map: about 250 bytes measured, rounded up. */
const entryBytes = 320;
