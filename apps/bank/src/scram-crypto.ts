import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { PasswordHash, ScramCrypto } from "@tallyline/bank-protocol";

/** SCRAM's cryptography, from Node.js. */
export const scramCrypto: ScramCrypto = {
  hmac: (key, message) => createHmac("sha256", key).update(message).digest(),
  hash: (message) => createHash("sha256").update(message).digest(),
  isEqual: (left, right) => left.length === right.length && timingSafeEqual(left, right),
};

export const passwordHash: PasswordHash = (password, salt, iterations) =>
  promisify(pbkdf2)(password, salt, iterations, 32, "sha256");

/** Remembers the last hash: a client that connects again need not compute it again. */
export function rememberedHash(): PasswordHash {
  let last: { readonly key: string; readonly hash: Promise<Uint8Array> } | undefined;
  return (password, salt, iterations) => {
    const key = JSON.stringify([password, Buffer.from(salt).toString("base64"), iterations]);
    if (last?.key !== key) last = { key, hash: passwordHash(password, salt, iterations) };
    return last.hash;
  };
}
