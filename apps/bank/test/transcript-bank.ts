// The bank that the transcripts of the protocol are played to.
import { createBankServer, Users } from "@tallyline/bank";
import { createMemoryLedger, type Ledger } from "@tallyline/ledger";
import type { TcpServer } from "@tallyline/tcp";

/** Its clock stands still. */
export function stillLedger(): Ledger {
  const now = () => Date.parse("2026-11-22T07:00:00.000Z");
  return createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now });
}

/** A user whom nobody knows the password of. */
function usersWithOne(): Users {
  const users = new Users(":memory:");
  const principal = { name: "somebody", role: "operator", account: undefined, rights: new Map() } as const;
  users.put({ principal, credentials: undefined, certificate: undefined });
  return users;
}

/** @param transcript The name of its file: strangers meet a bank that has a user. */
export function startTranscriptBank(transcript: string): Promise<TcpServer> {
  return createBankServer({
    ledger: stillLedger(),
    port: 0,
    ...(transcript === "strangers" && { users: usersWithOne() }),
  });
}
