// Users for tests: with passwords that are hashed as little as the protocol lets them be.
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { Users, type Right, type Role } from "@tallyline/bank";
import { SCRAM_MIN_ITERATIONS, scramCredentials, type ScramCrypto } from "@tallyline/bank-protocol";

const crypto: ScramCrypto = {
  hmac: (key, message) => createHmac("sha256", key).update(message).digest(),
  hash: (message) => createHash("sha256").update(message).digest(),
  isEqual: (left, right) => timingSafeEqual(left, right),
};

export interface TestUser {
  readonly name: string;
  readonly role: Role;
  readonly account?: string;
  readonly rights?: Readonly<Record<string, Right>>;
  readonly certificate?: string;
}

/** Everybody's password is his name and "-secret". */
export function passwordOf(name: string): string {
  return `${name}-secret`;
}

export async function putUser(
  users: Users,
  { name, role, account, rights = {}, certificate }: TestUser,
): Promise<void> {
  const secret = { password: passwordOf(name), salt: randomBytes(16), iterations: SCRAM_MIN_ITERATIONS };
  const credentials = await scramCredentials(secret, crypto, (password, salt, iterations) =>
    promisify(pbkdf2)(password, salt, iterations, 32, "sha256"),
  );
  users.put({ principal: { name, role, account, rights: new Map(Object.entries(rights)) }, credentials, certificate });
}

export async function usersOf(...all: readonly TestUser[]): Promise<Users> {
  const users = new Users(":memory:");
  for (const user of all) await putUser(users, user);
  return users;
}
