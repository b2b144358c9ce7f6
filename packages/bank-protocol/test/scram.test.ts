import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import {
  fromBase64,
  readScramHello,
  scramCredentials,
  ScramClient,
  ScramServer,
  toBase64,
  type PasswordHash,
  type ScramCrypto,
} from "@tallyline/bank-protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const crypto: ScramCrypto = {
  hmac: (key, message) => createHmac("sha256", key).update(message).digest(),
  hash: (message) => createHash("sha256").update(message).digest(),
  isEqual: (left, right) => left.length === right.length && timingSafeEqual(left, right),
};
const passwordHash: PasswordHash = (password, salt, iterations) =>
  promisify(pbkdf2)(password, salt, iterations, 32, "sha256");

interface Vector {
  readonly source: string;
  readonly user: string;
  readonly password: string;
  readonly clientNonce: string;
  readonly serverNonce: string;
  readonly salt: string;
  readonly iterations: number;
  readonly clientFirst: string;
  readonly serverFirst: string;
  readonly clientFinal: string;
  readonly serverFinal: string;
}
const [vector] = JSON.parse(readFileSync(new URL("../conformance/scram.json", import.meta.url), "utf8")) as [Vector];
const secret = { password: vector.password, salt: fromBase64(vector.salt)!, iterations: vector.iterations };
const credentials = await scramCredentials(secret, crypto, passwordHash);

/** A client and a server that have come as far as the challenge. */
function begin(password: string = vector.password): { client: ScramClient; server: ScramServer } {
  const client = new ScramClient({ user: vector.user, password, nonce: vector.clientNonce }, crypto, passwordHash);
  const server = new ScramServer(readScramHello(client.hello)!, credentials, vector.serverNonce, crypto);
  return { client, server };
}

test("client and server say what RFC 7677 says they say", async () => {
  const { client, server } = begin();
  expect(client.hello).toBe(vector.clientFirst);
  expect(server.challenge).toBe(vector.serverFirst);
  const proof = await client.prove(server.challenge);
  expect(proof).toBe(vector.clientFinal);
  expect(server.verify(proof)).toBe(vector.serverFinal);
  expect(client.isProvedBy(vector.serverFinal)).toBe(true);
});

test("a wrong password proves nothing", async () => {
  const { client, server } = begin("pencils");
  expect(server.verify(await client.prove(server.challenge))).toBeUndefined();
});

test("a composed and a decomposed letter are the same password", async () => {
  const salted = await scramCredentials({ ...secret, password: "p\u00e4ncil" }, crypto, passwordHash);
  const client = new ScramClient({ user: "u", password: "pa\u0308ncil", nonce: "12345678" }, crypto, passwordHash);
  const server = new ScramServer(readScramHello(client.hello)!, salted, "nonce", crypto);
  expect(server.verify(await client.prove(server.challenge))).toBeDefined();
});

test.each(["", "a\u0000b", "a\nb"])("%j is no password", async (password) => {
  await expect(scramCredentials({ ...secret, password }, crypto, passwordHash)).rejects.toThrow(RangeError);
});

describe("the server takes no other proof than the one that it asked for", () => {
  test.each([
    ["", "nothing"],
    [vector.clientFinal.replace("c=biws", "c=cD10bHMtdW5pcXVlLCw="), "a channel binding that was not agreed on"],
    [vector.clientFinal.replace(vector.serverNonce, "other"), "another nonce"],
    [vector.clientFinal.replace(/p=.*/, "p=AAAA"), "a proof that is too short"],
    [vector.clientFinal.replace(/p=.*/, `p=${toBase64(new Uint8Array(32))}`), "zeros"],
    [vector.clientFinal.replace("p=d", "p=e"), "a proof with one bit changed"],
    [`${vector.clientFinal},x=1`, "an extension"],
  ])("%j: %s", (message) => {
    expect(begin().server.verify(message)).toBeUndefined();
  });

  test.each([
    "",
    "p=tls-unique,,n=user,r=abcdefgh",
    "n,a=admin,n=user,r=abcdefgh",
    "n,,m=ext,n=user,r=abcdefgh",
    "n,,n=,r=abcdefgh",
    "n,,n=user,r=short",
    "n,,n=us=er,r=abcdefgh",
    "n,,n=user,r=abcdefgh,x=1",
    "n,,n=user,r=abc,defgh",
  ])("%j does not begin one", (message) => {
    expect(readScramHello(message)).toBeUndefined();
  });

  test("a name with a comma and an equals sign arrives as it is", () => {
    const { hello } = new ScramClient({ user: "a,b=c", password: "p", nonce: "abcdefgh" }, crypto, passwordHash);
    expect(readScramHello(hello)?.user).toBe("a,b=c");
  });
});

describe("the client gives nothing away", () => {
  const nonce = vector.clientNonce + vector.serverNonce;
  test.each([
    [`r=other,s=${vector.salt},i=4096`, "the server's challenge is none"],
    [`r=${vector.clientNonce},s=${vector.salt},i=4096`, "the server's challenge is none"],
    [`r=${nonce},s=***,i=4096`, "the server's challenge is none"],
    [`r=${nonce},s=${vector.salt},i=1`, "the server asks for 1 iterations"],
    [`r=${nonce},s=${vector.salt},i=100000000`, "the server asks for 100000000 iterations"],
  ])("to a server that says %j", async (challenge, reason) => {
    await expect(begin().client.prove(challenge)).rejects.toThrow(reason);
  });

  test("and believes no other signature", async () => {
    const { client, server } = begin();
    expect(client.isProvedBy(vector.serverFinal)).toBe(false);
    await client.prove(server.challenge);
    expect(client.isProvedBy(vector.serverFinal.replace("6", "7"))).toBe(false);
    expect(client.isProvedBy("e=invalid-proof")).toBe(false);
  });
});

describe("base64", () => {
  test("is Node's", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each(["a", "ab=", "a===", "ab-_", "ab=c", "a b="])("%j is none", (text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});
