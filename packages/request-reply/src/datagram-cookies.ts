/**
 * A keyed hash with a secret key, such as HMAC-SHA-256: equal inputs give equal bytes, and nobody without the key can guess
 * them. At least 8 bytes come back.
 */
export type KeyedHash = (key: Uint8Array, message: Uint8Array) => Uint8Array;

/** Bytes that nobody can predict, such as `crypto.randomBytes`. */
export type RandomBytes = (count: number) => Uint8Array;

/**
 * Cookies: proof that a peer receives what is sent to its address, without memory per peer (the idea of RFC 7873).
 *
 * A cookie is 64 bits of the keyed hash of the peer's address. There are two keys: one makes cookies, and it and the one
 * before it are accepted, so a cookie is good for one to two times `keyLifetimeMs`, across every change of keys.
 */
export class DatagramCookies {
  readonly #keyedHash: KeyedHash;
  readonly #randomBytes: RandomBytes;
  readonly #keyLifetimeMs: number;
  // Made with the first cookie: who never makes one needs no random bytes.
  #current: Uint8Array = new Uint8Array();
  #previous: Uint8Array = new Uint8Array();
  #rotatesAt = -Infinity;

  constructor(options: {
    readonly keyedHash: KeyedHash;
    readonly randomBytes: RandomBytes;
    readonly keyLifetimeMs: number;
  }) {
    this.#keyedHash = options.keyedHash;
    this.#randomBytes = options.randomBytes;
    this.#keyLifetimeMs = options.keyLifetimeMs;
  }

  /** The cookie for a peer, to be sent to that peer's address. */
  make(peerKey: string, now: number): string {
    this.#rotate(now);
    return this.#cookie(this.#current, peerKey);
  }

  /** False for a cookie that is forged, expired or another address's. */
  isValid(cookie: string, peerKey: string, now: number): boolean {
    this.#rotate(now);
    return (
      isEqualInConstantTime(cookie, this.#cookie(this.#current, peerKey)) ||
      isEqualInConstantTime(cookie, this.#cookie(this.#previous, peerKey))
    );
  }

  #rotate(now: number): void {
    if (now < this.#rotatesAt) return;
    // After a silence of two lifetimes the current key has outlived both of its uses.
    const isPreviousUsable = now < this.#rotatesAt + this.#keyLifetimeMs;
    this.#previous = isPreviousUsable ? this.#current : this.#randomBytes(keyBytes);
    this.#current = this.#randomBytes(keyBytes);
    this.#rotatesAt = now + this.#keyLifetimeMs;
  }

  #cookie(key: Uint8Array, peerKey: string): string {
    const hash = this.#keyedHash(key, encoder.encode(peerKey));
    return hexText(hash.subarray(0, cookieBytes));
  }
}

/** Bytes as lowercase hexadecimal digits. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexPairs[byte];
  return text;
}

/** Compares without stopping at the first difference: the time taken tells a forger nothing. */
function isEqualInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const encoder = new TextEncoder();
const keyBytes = 32;
const cookieBytes = 8;
