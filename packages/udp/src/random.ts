import type * as Crypto from "node:crypto";

/** HMAC-SHA-256, for cookies. */
export function keyedHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  return crypto().createHmac("sha256", key).update(message).digest();
}

/** Random bytes from a pool: one system call for hundreds of ids (5 µs → 0.1 µs each). */
export function randomBytes(count: number): Uint8Array {
  if (count > pool.length) throw new RangeError(`asked for ${count} random bytes, the pool holds ${pool.length}`);
  if (used + count > pool.length) {
    crypto().randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.slice(used, used + count);
  used += count;
  return bytes;
}

/** Loaded when it is needed: a server that answers small datagrams never does, and starts without it. */
function crypto(): typeof Crypto {
  return process.getBuiltinModule("node:crypto");
}

const pool = new Uint8Array(4096);
let used = pool.length;
