/**
 * A token bucket for each address: `perSecond` datagrams in the long run, `burst` at once. IPv6 addresses are counted by /64,
 * which is what one subscriber has. Memory is bounded: beyond `maxAddresses` the address seen least recently is forgotten,
 * and starts again with a full bucket.
 */
export class RateLimiter {
  readonly #limits: { readonly perSecond: number; readonly burst: number; readonly maxAddresses: number };
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limits: { readonly perSecond: number; readonly burst: number; readonly maxAddresses: number }) {
    this.#limits = limits;
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token for a datagram from this address; false if it has none left. */
  admits(address: string, now: number): boolean {
    const key = subscriberOf(address);
    const { perSecond, burst, maxAddresses } = this.#limits;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1000);
    bucket.at = now;
    // Last in the map is seen last.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxAddresses) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

/** An IPv4 address, also one mapped into IPv6, as it is; the first 64 bits of an IPv6 address. */
function subscriberOf(address: string): string {
  if (!address.includes(":")) return address;
  if (address.startsWith("::ffff:") && address.includes(".")) return address.slice("::ffff:".length);
  // `::` stands for as many zero groups as are missing from eight.
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const headGroups = head === "" ? [] : head.split(":");
  const tailGroups = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - headGroups.length - tailGroups.length;
  return [...headGroups, ...Array<string>(zeros).fill("0"), ...tailGroups].slice(0, 4).join(":");
}
