import { createHmac, randomBytes } from "node:crypto";
import {
  readScramHello,
  ScramServer,
  type AuthRequest,
  type BankReply,
  type ScramCredentials,
} from "@tallyline/bank-protocol";
import type { Principal } from "./principal.ts";
import { refuse } from "./refusals.ts";
import { scramCrypto } from "../scram-crypto.ts";
import type { Users } from "./users.ts";

/** Rounds of PBKDF2 for new passwords: what OWASP asks of SHA-256. Some 100 ms for the client, nothing for the server. */
export const ITERATIONS = 600_000;

/** Wrong proofs of one name from one address in a row before it has to wait. */
const FREE_FAILURES = 5;
/** The same of one name from anywhere, for who has many addresses. */
const FREE_FAILURES_ANYWHERE = 100;
/** Wrong proofs from one address, of whatever names, before all of them have to wait. */
const FREE_FAILURES_OF_ADDRESS = 60;
/** The first wait; it doubles with each further failure. */
const FIRST_WAIT_MS = 1_000;
/** No wait is longer, so nobody is locked out of his money for good by another. */
const LONGEST_WAIT_MS = 900_000;

/** Stands for any name and any address. No user and no peer has it. */
const ANY = "*";

/** What an attempt came to; undefined while it goes on. */
export interface Authenticated {
  readonly reply: BankReply;
  readonly principal?: Principal;
  /** For the log: whose proof failed. */
  readonly failed?: string;
}

/**
 * One connection's attempts to say who it is.
 *
 *     nobody ──(client's first)──→ challenged ──(client's final)──→ nobody, or done
 *
 * The failure is counted, durably, before the proof is looked at, and taken back when it was right: who kills the server
 * in between has lost an attempt. A name that there is not is challenged like any other, and counted too.
 */
export class Authentication {
  readonly #users: Users;
  readonly #address: string;
  readonly #now: () => number;
  #challenged: { readonly server: ScramServer; readonly name: string } | undefined;

  constructor(users: Users, address: string, now: () => number) {
    this.#users = users;
    this.#address = address;
    this.#now = now;
  }

  take({ mechanism, data }: AuthRequest): Authenticated {
    if (mechanism !== "SCRAM-SHA-256") return { reply: refuse("UNSUPPORTED", { argument: "mechanism" }) };
    const challenged = this.#challenged;
    this.#challenged = undefined;
    return challenged === undefined ? this.#challenge(data) : this.#verify(challenged, data);
  }

  #challenge(data: string): Authenticated {
    const hello = readScramHello(data);
    if (hello === undefined) return { reply: refuse("AUTH_FAILED") };
    const known = this.#users.find(hello.user)?.credentials;
    const server = new ScramServer(
      hello,
      known ?? this.#madeUp(hello.user),
      randomBytes(18).toString("base64"),
      scramCrypto,
    );
    this.#challenged = { server, name: hello.user };
    return { reply: { class: "OK", code: "CONTINUE", data: server.challenge } };
  }

  #verify({ server, name }: { readonly server: ScramServer; readonly name: string }, data: string): Authenticated {
    const nowMs = this.#now();
    const guards = [
      { name, address: this.#address, free: FREE_FAILURES },
      { name, address: ANY, free: FREE_FAILURES_ANYWHERE },
      { name: ANY, address: this.#address, free: FREE_FAILURES_OF_ADDRESS },
    ].map((guard) => ({ ...guard, ...this.#users.failures(guard.name, guard.address) }));
    const waits = guards.map(({ count, lastAtMs, free }) => waitMs(count, free) - (nowMs - lastAtMs));
    const retryMs = Math.max(...waits);
    if (retryMs > 0) {
      const code = waits[2] === retryMs ? "RATE_LIMITED" : "AUTH_LOCKED";
      return { reply: refuse(code, { retryMs: Math.ceil(retryMs) }), failed: name };
    }

    const before = guards.map((guard) => ({ ...guard, count: forgotten(guard, nowMs) ? 0 : guard.count }));
    this.#users.setFailures(
      before.map((guard) => ({ ...guard, count: guard.count + 1 })),
      nowMs,
    );
    const proof = server.verify(data);
    const user = proof === undefined ? undefined : this.#users.find(name);
    if (proof === undefined || user === undefined) return { reply: refuse("AUTH_FAILED"), failed: name };

    this.#users.setFailures(
      before.map((guard, index) => ({ ...guard, count: index === 2 ? guard.count : 0 })),
      nowMs,
    );
    const { principal } = user;
    const account = principal.account === undefined ? {} : { account: principal.account };
    return {
      principal,
      reply: {
        class: "OK",
        code: "AUTHENTICATED",
        principal: principal.name,
        role: principal.role,
        ...account,
        data: proof,
      },
    };
  }

  /** The same for the same name every time, and nothing proves it. */
  #madeUp(name: string): ScramCredentials {
    const salt = createHmac("sha256", this.#users.secret).update(name).digest().subarray(0, 16);
    const key = randomBytes(32);
    return { salt, iterations: this.#users.iterations ?? ITERATIONS, storedKey: key, serverKey: key };
  }
}

function waitMs(failures: number, free: number): number {
  return failures < free ? 0 : Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - free, 20), LONGEST_WAIT_MS);
}

/** A day without an attempt is a new beginning. */
function forgotten({ lastAtMs }: { readonly lastAtMs: number }, nowMs: number): boolean {
  return nowMs - lastAtMs > 86_400_000;
}
