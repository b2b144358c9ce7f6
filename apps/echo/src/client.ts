import { connectTcp } from "@tallyline/tcp";
import { createUdpClient } from "@tallyline/udp";
import { MAX_DATAGRAM_BYTES } from "./datagram-limit.ts";

/** Where an echo server is. */
export interface EchoAddress {
  readonly host: string;
  readonly port: number;
}

/** The time for the whole exchange. */
const DEADLINE_MS = 10_000;

/**
 * Sends bytes over TCP and resolves with as many bytes as come back.
 * Rejects when the connection cannot be made, ends early, or takes longer than 10 s.
 */
export async function echoOverTcp(message: Uint8Array, { host, port }: EchoAddress): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  await using connection = await connectTcp({ host, port, connectTimeoutMs: DEADLINE_MS });
  const echo = new Uint8Array(message.length);
  // Reading does not wait for the end of writing: a long message would fill every buffer on its way and stand still.
  const written = connection.write(message);
  let received = 0;
  while (received < echo.length) {
    const bytes = await connection.read({ signal });
    if (bytes === undefined) throw new Error(`the server ended after ${received} of ${echo.length} bytes`);
    if (received + bytes.length > echo.length)
      throw new Error(`the server sent more than the ${echo.length} bytes it got`);
    echo.set(bytes, received);
    received += bytes.length;
  }
  await written;
  return echo;
}

/** Sends one datagram and resolves with the one that comes back; sends it again while nothing does, for 10 s at most. */
export async function echoOverUdp(message: Uint8Array, { host, port }: EchoAddress): Promise<Uint8Array> {
  await using client = await createUdpClient({ host, port, limits: { maxRequestBytes: MAX_DATAGRAM_BYTES } });
  const reply = await client.request(message, { header: false, idempotent: true, deadlineMs: DEADLINE_MS });
  return reply.payload;
}
