import { bankServerCodec, type BankAnswer, type BankMessage, type Framing } from "@tallyline/bank-protocol";
import { isAccountName, type Currency, type Ledger } from "@tallyline/ledger";
import { createTcpServer, type TcpPeer, type TcpServer, type TlsServerOptions } from "@tallyline/tcp";
import { AccountDirectory } from "./account-directory.ts";
import { Authentication } from "./authentication.ts";
import { BankSession } from "./bank-session.ts";
import { openCashAccounts } from "./cash-accounts.ts";
import { isLoopbackAddress } from "./loopback.ts";
import { openAccounts, USD } from "./opening.ts";
import { createPlainSession } from "./plain-session.ts";
import { localPrincipal } from "./principal.ts";
import { Connection } from "./session.ts";
import { Users } from "./users.ts";

/** What a bank server is made of. */
export interface BankServerOptions {
  /** Where the books are kept. The caller closes it, after the server. */
  readonly ledger: Ledger;
  /** The currencies that the ledger was opened with; the first has to be USD, the plain account's. Default: USD alone. */
  readonly currencies?: readonly [Currency, ...Currency[]];
  /** Address to listen on. Default 127.0.0.1: without users, whoever connects from this machine moves the money. */
  readonly host?: string;
  /** TCP port, 0 for a free one. Default 65432. */
  readonly port?: number;
  /** TLS instead of plain text. With `ca`, clients need a certificate of it, which may stand for a user. */
  readonly tls?: TlsServerOptions;
  /** Who may connect. The caller disposes of it, after the server. Default: there are no users. */
  readonly users?: Users;
  /** How requests are told apart. Default "line"; "chunk" only for clients that send without a line ending. */
  readonly framing?: Framing;
  /** The account that plain clients and `local` work on, opened where it does not exist. Default "main". */
  readonly plainAccount?: string;
  /** Its balance when it is opened, in cents. Default 100,000. */
  readonly openingBalanceMinor?: bigint;
  /** Clients served at once; more are turned away. Default 1,000. */
  readonly maxConnections?: number;
  /** The clock by which failed attempts to authenticate are forgotten, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Told once when the ledger has failed: what was in flight is unknown, and the process should end. */
  readonly onLedgerFailure?: (error: unknown) => void;
  /** Told of what an operator wants to know. Nothing secret is in it. */
  readonly onEvent?: (event: BankServerEvent) => void;
}

/** Something that an operator wants to know. */
export interface BankServerEvent {
  readonly event: "auth-failed";
  readonly user: string;
  readonly address: string;
}

/** After this long without the rest of a line its sender is told that the line is not finished. */
const UNFINISHED_LINE_AFTER_MS = 1000;

/**
 * Opens the plain account where needed and serves the bank over TCP, or TLS, until the server is drained.
 * @throws ListenError when the address cannot be listened on; RangeError for an account name that is none.
 */
export async function createBankServer(options: BankServerOptions): Promise<TcpServer> {
  const { ledger, framing = "line", plainAccount = "main", openingBalanceMinor = 100_000n, tls } = options;
  if (!isAccountName(plainAccount) || plainAccount.startsWith("@")) {
    throw new RangeError(`plain account is "${plainAccount}", expected 1 to 64 of A-Z a-z 0-9 . _ : -`);
  }
  await openAccounts(ledger, { account: plainAccount, openingBalanceMinor });
  await openCashAccounts(ledger, (options.currencies ?? []).slice(1)); // dollars have theirs

  return createTcpServer<BankMessage, BankAnswer, Connection>({
    codec: bankServerCodec(framing),
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 65432,
    // In chunk framing too: a web page can make a browser send any text to a port of this machine.
    refuseOtherProtocols: true,
    limits: { maxConnections: options.maxConnections ?? 1000 },
    ...(tls !== undefined && { tls }),
    ...(framing === "line" && {
      unfinishedFrameHint: {
        afterMs: UNFINISHED_LINE_AFTER_MS,
        reply: { dialect: "plain", reply: { kind: "unfinished-line" } },
        isFor: ({ dialect }: Connection) => dialect === "plain",
      },
    }),
    // In chunk framing, a read that is too long.
    onBadFrame: () => ({ dialect: "plain", reply: { kind: "invalid-command" } }),
    openState: connections(options, plainAccount),
    handler: (message, context) => context.state.answer(message, () => context.close()),
  });
}

/** Makes what a connection remembers, of what all of them share. */
function connections(options: BankServerOptions, plainAccount: string): (peer: TcpPeer) => Connection {
  const { ledger, currencies = [USD], users = new Users(":memory:"), now = Date.now, onEvent } = options;
  const directory = new AccountDirectory(ledger, currencies);
  const local = localPrincipal(plainAccount);
  let hasFailed = false;
  const onLedgerFailure = (error: unknown): void => {
    if (!hasFailed) options.onLedgerFailure?.(error);
    hasFailed = true;
  };
  return (peer) => {
    const { address, tls } = peer;
    const isLocal = isLoopbackAddress(address);
    const certificates = tls?.isAuthorized === true ? [tls.fingerprint256, tls.commonName] : [];
    const whoIsThere = () => {
      if (certificates.length > 0) return users.findByCertificate(certificates)?.principal;
      return isLocal && users.areNone ? local : undefined;
    };
    const bank = new BankSession({
      ledger,
      directory,
      authentication: new Authentication(users, address, now),
      whoIsThere,
      userNow: (name) => users.find(name)?.principal,
      onAuthFailure: (user) => onEvent?.({ event: "auth-failed", user, address }),
    });
    const plain = createPlainSession(ledger, plainAccount);
    // Plain text to other machines was asked for, and who asks for it knows what it is; TLS to them is for users.
    const isPlainWelcome = isLocal || options.tls === undefined;
    return new Connection({ plain, bank, servesPlain: () => isPlainWelcome && users.areNone, onLedgerFailure });
  };
}
