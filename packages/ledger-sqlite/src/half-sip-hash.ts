/** A secret of 64 bits, as two halves. */
export type HashKey = readonly [low: number, high: number];

/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein, https://github.com/veorq/SipHash): a short keyed hash, so
 * that nobody can choose ids that fall on each other. It works on 32-bit numbers, which JavaScript has.
 *
 * @param text Its characters' low bytes are hashed: for ASCII.
 * @param into Receives both halves, as unsigned 32-bit numbers.
 */
export function halfSipHash(text: string, [low, high]: HashKey, into: Uint32Array): void {
  let v0 = low;
  let v1 = high ^ 0xee;
  let v2 = 0x6c796765 ^ low;
  let v3 = 0x74656462 ^ high;
  const { length } = text;
  const lastBlock = length >> 2;
  // Two blocks more than the text has: they finish the first half, and the second.
  for (let block = 0; block <= lastBlock + 2; block += 1) {
    const word = block <= lastBlock ? wordAt(text, block * 4) : 0;
    if (block === lastBlock + 1) v2 ^= 0xee;
    if (block === lastBlock + 2) {
      into[0] = v1 ^ v3;
      v1 ^= 0xdd;
    }
    v3 ^= word;
    for (let rounds = block <= lastBlock ? 2 : 4; rounds > 0; rounds -= 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  into[1] = v1 ^ v3;
}

/** Four characters; where fewer are left, the length is the last byte. */
function wordAt(text: string, at: number): number {
  const { length } = text;
  if (at + 4 > length) {
    let word = length << 24;
    for (let rest = at; rest < length; rest += 1) word |= text.charCodeAt(rest) << (8 * (rest - at));
    return word;
  }
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  );
}
