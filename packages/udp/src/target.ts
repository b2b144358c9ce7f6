import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import { TransportError } from "./errors.ts";

/** Whom a client calls, and how to find the address. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly lookup: (host: string) => Promise<string>;
}

/** The address of the target. Rejects with `HOST_NOT_FOUND`. */
export async function resolveTarget({ host, lookup: find }: Target): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return await find(host);
  } catch (error) {
    throw new TransportError("HOST_NOT_FOUND", "not-sent", `the host ${host} has no known address`, error);
  }
}

/** The address that the system prefers. */
export async function firstAddress(host: string): Promise<string> {
  return (await dns.lookup(host)).address;
}

/** Waits for work that cannot be stopped; the call's deadline and signal end the waiting. */
export function orGiveUp(
  work: Promise<void>,
  call: { readonly deadlineAt: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { deadlineAt, signal } = call;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new TransportError("ABORTED", "not-sent", "the call was aborted", signal?.reason));
    const timer = setTimeout(
      () =>
        reject(new TransportError("DEADLINE_EXCEEDED", "not-sent", "the host's address was not known by the deadline")),
      Math.max(1, deadlineAt - performance.now()),
    );
    signal?.addEventListener("abort", abort);
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    work.then(resolve, reject).finally(finish);
  });
}
