/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, as two state machines that hold no socket, no clock and
 * no cryptography: what they need of it is passed in.
 *
 *     client                                      server
 *     n,,n=NAME,r=CNONCE              ──────►
 *                                     ◄──────     r=CNONCE+SNONCE,s=SALT,i=ITERATIONS
 *     c=biws,r=…,p=PROOF              ──────►
 *                                     ◄──────     v=SIGNATURE
 *
 * The server never sees the password and cannot make a proof from what it stores; the client learns from the signature
 * that the server has the password's verifier.
 */

/** What of cryptography is needed. Bytes in, bytes out. */
export interface ScramCrypto {
  /** HMAC-SHA-256. */
  readonly hmac: (key: Uint8Array, message: Uint8Array) => Uint8Array;
  /** SHA-256. */
  readonly hash: (message: Uint8Array) => Uint8Array;
  /** Whether two texts of bytes are the same, in a time that does not tell where they differ. */
  readonly isEqual: (left: Uint8Array, right: Uint8Array) => boolean;
}

/** PBKDF2 with HMAC-SHA-256 and 32 bytes of output: what makes guessing passwords slow. */
export type PasswordHash = (password: string, salt: Uint8Array, iterations: number) => Promise<Uint8Array>;

/** What a server keeps of a password. */
export interface ScramCredentials {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Fewer are refused by a client: a server that asks for few wants the password. RFC 7677 §4 asks for 4,096 at least. */
export const SCRAM_MIN_ITERATIONS = 4096;
/** More are refused too: they would keep the client busy for minutes. */
export const SCRAM_MAX_ITERATIONS = 10_000_000;

/** Makes what a server keeps of a password. */
export async function scramCredentials(
  secret: { readonly password: string; readonly salt: Uint8Array; readonly iterations: number },
  crypto: ScramCrypto,
  passwordHash: PasswordHash,
): Promise<ScramCredentials> {
  const { password, salt, iterations } = secret;
  const salted = await passwordHash(preparePassword(password), salt, iterations);
  const storedKey = crypto.hash(crypto.hmac(salted, utf8("Client Key")));
  return { salt, iterations, storedKey, serverKey: crypto.hmac(salted, utf8("Server Key")) };
}

/**
 * What RFC 4013 (SASLprep) does to passwords that occur: compatibility composition, no control characters.
 * @throws RangeError for an empty one, or one with control characters.
 */
function preparePassword(password: string): string {
  const prepared = password.normalize("NFKC");
  if (prepared === "") throw new RangeError("the password is empty");
  if (/\p{Cc}/u.test(prepared)) throw new RangeError("the password has a control character");
  return prepared;
}

/** The first message of a client, read by the server. */
export interface ScramHello {
  readonly user: string;
  readonly nonce: string;
  readonly bare: string;
}

/** Reads a client's first message; undefined when it is none, or asks for channel binding or another's rights. */
export function readScramHello(message: string): ScramHello | undefined {
  const [, bare, user, nonce] = /^[ny],,(n=([^,\0]{1,256}),r=([!-+\x2d-~]{8,256}))$/.exec(message) ?? [];
  if (bare === undefined || user === undefined || nonce === undefined) return undefined;
  const name = saslName(user);
  return name === undefined ? undefined : { user: name, nonce, bare };
}

/** The server's side of one authentication, from the client's first message on. */
export class ScramServer {
  readonly #hello: ScramHello;
  readonly #credentials: ScramCredentials;
  readonly #crypto: ScramCrypto;
  readonly #nonce: string;
  /** To be sent. */
  readonly challenge: string;

  /** @param nonce The server's part: at least 18 random bytes as base64, new each time. */
  constructor(hello: ScramHello, credentials: ScramCredentials, nonce: string, crypto: ScramCrypto) {
    this.#hello = hello;
    this.#credentials = credentials;
    this.#crypto = crypto;
    this.#nonce = hello.nonce + nonce;
    this.challenge = `r=${this.#nonce},s=${toBase64(credentials.salt)},i=${credentials.iterations}`;
  }

  /** Checks the client's proof. @returns the server's own proof to be sent, or undefined: it does not know the password. */
  verify(message: string): string | undefined {
    const { hmac, hash, isEqual } = this.#crypto;
    const [, withoutProof = "", binding, nonce, proofText = ""] =
      /^(c=([A-Za-z0-9+/=]+),r=([^,]+)),p=([A-Za-z0-9+/=]+)$/.exec(message) ?? [];
    const proof = fromBase64(proofText);
    // biws and eSws are `n,,` and `y,,`: no channel binding, and nobody else's rights.
    if ((binding !== "biws" && binding !== "eSws") || nonce !== this.#nonce || proof?.length !== 32) return undefined;
    const signed = utf8(`${this.#hello.bare},${this.challenge},${withoutProof}`);
    const signature = hmac(this.#credentials.storedKey, signed);
    const clientKey = exclusiveOr(proof, signature);
    if (!isEqual(hash(clientKey), this.#credentials.storedKey)) return undefined;
    return `v=${toBase64(hmac(this.#credentials.serverKey, signed))}`;
  }
}

/** The client's side of one authentication. */
export class ScramClient {
  readonly #bare: string;
  readonly #nonce: string;
  readonly #password: string;
  readonly #crypto: ScramCrypto;
  readonly #passwordHash: PasswordHash;
  #expected: Uint8Array | undefined;
  /** To be sent first. */
  readonly hello: string;

  /** @param login Whose password it is; the nonce is at least 18 random bytes as base64, new each time. */
  constructor(
    login: { readonly user: string; readonly password: string; readonly nonce: string },
    crypto: ScramCrypto,
    passwordHash: PasswordHash,
  ) {
    this.#nonce = login.nonce;
    this.#password = preparePassword(login.password);
    this.#crypto = crypto;
    this.#passwordHash = passwordHash;
    this.#bare = `n=${login.user.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${login.nonce}`;
    this.hello = `n,,${this.#bare}`;
  }

  /** Answers the server's challenge. @throws Error when it is none, or would give the password away. */
  async prove(challenge: string): Promise<string> {
    const { hmac, hash } = this.#crypto;
    const [, nonce = "", saltText = "", iterationsText = ""] =
      /^r=([!-+\x2d-~]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,8})$/.exec(challenge) ?? [];
    const salt = fromBase64(saltText);
    const iterations = Number(iterationsText);
    const isNew = nonce.startsWith(this.#nonce) && nonce.length > this.#nonce.length;
    if (!isNew || salt === undefined) throw new Error("the server's challenge is none");
    if (iterations < SCRAM_MIN_ITERATIONS || iterations > SCRAM_MAX_ITERATIONS) {
      const bounds = `${SCRAM_MIN_ITERATIONS} to ${SCRAM_MAX_ITERATIONS}`;
      throw new Error(`the server asks for ${iterations} iterations, ${bounds} are accepted`);
    }
    const salted = await this.#passwordHash(this.#password, salt, iterations);
    const clientKey = hmac(salted, utf8("Client Key"));
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = utf8(`${this.#bare},${challenge},${withoutProof}`);
    const proof = exclusiveOr(clientKey, hmac(hash(clientKey), signed));
    this.#expected = hmac(hmac(salted, utf8("Server Key")), signed);
    return `${withoutProof},p=${toBase64(proof)}`;
  }

  /** Whether the server has proved that it knows the password's verifier. */
  isProvedBy(message: string): boolean {
    const signature = fromBase64(/^v=([A-Za-z0-9+/=]+)$/.exec(message)?.[1] ?? "");
    return this.#expected !== undefined && signature !== undefined && this.#crypto.isEqual(signature, this.#expected);
  }
}

/** In a name `=2C` is a comma and `=3D` an equals sign; any other `=` is a mistake. */
function saslName(text: string): string | undefined {
  return /=(?!2C|3D)/.test(text) ? undefined : text.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function exclusiveOr(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, index) => byte ^ right[index]!);
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 §4. `btoa` is not everywhere that this package runs. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(i, i + 3);
    const bits = (first << 16) | (second << 8) | third;
    for (const shift of [18, 12, 6, 0]) text += BASE64[(bits >> shift) & 63];
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return text.slice(0, text.length - padding) + "=".repeat(padding);
}

/** @returns undefined for what is no base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let count = 0;
  let index = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | BASE64.indexOf(digit)) & 0xff_ffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[index] = (bits >> count) & 0xff;
    index += 1;
  }
  return bytes;
}
