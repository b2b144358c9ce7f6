import { randomBytes } from "node:crypto";

/** Crockford's base 32: no letter that is taken for a digit. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

let lastMs = 0;
let lastRandom = 0n;

/**
 * An id that nobody else makes, and that sorts by the time it was made: 48 bits of milliseconds and 80 random bits, as 26
 * characters. Within one millisecond, and when the clock goes back, each is one more than the last.
 */
export function ulid(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    lastRandom = BigInt(`0x${randomBytes(10).toString("hex")}`) >> 1n; // room to count up in
  } else {
    lastRandom += 1n;
  }
  let value = (BigInt(lastMs) << 80n) | lastRandom;
  let text = "";
  for (let i = 0; i < 26; i += 1) {
    text = DIGITS[Number(value & 31n)]! + text;
    value >>= 5n;
  }
  return text;
}
