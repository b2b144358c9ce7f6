import { plainServerCodec, type Framing, type PlainReply, type PlainRequest } from "@tallyline/bank-protocol";
import { isAccountName, type Ledger } from "@tallyline/ledger";
import { createTcpServer, type TcpServer } from "@tallyline/tcp";
import { openAccounts } from "./opening.ts";
import { createPlainSession, type Session } from "./session.ts";

/** What a bank server is made of. */
export interface BankServerOptions {
  /** Where the books are kept. The caller closes it, after the server. */
  readonly ledger: Ledger;
  /** Address to listen on. Default 127.0.0.1: the plain dialect lets anyone who connects move the money. */
  readonly host?: string;
  /** TCP port, 0 for a free one. Default 65432. */
  readonly port?: number;
  /** How requests are told apart. Default "line"; "chunk" only for clients that send without a line ending. */
  readonly framing?: Framing;
  /** The account that plain clients work on, opened where it does not exist. Default "main". */
  readonly plainAccount?: string;
  /** Its balance when it is opened, in cents. Default 100,000. */
  readonly openingBalanceMinor?: bigint;
  /** Clients served at once; more are turned away. Default 1,000. */
  readonly maxConnections?: number;
  /** Told once when the ledger has failed: what was in flight is unknown, and the process should end. */
  readonly onLedgerFailure?: (error: unknown) => void;
}

/** After this long without the rest of a line its sender is told that the line is not finished. */
const UNFINISHED_LINE_AFTER_MS = 1000;

/**
 * Opens the plain account where needed and serves it over TCP until the server is drained.
 * @throws ListenError when the address cannot be listened on; RangeError for an account name that is none.
 */
export async function createBankServer(options: BankServerOptions): Promise<TcpServer> {
  const { ledger, framing = "line", plainAccount = "main", openingBalanceMinor = 100_000n } = options;
  if (!isAccountName(plainAccount) || plainAccount.startsWith("@")) {
    throw new RangeError(`plain account is "${plainAccount}", expected 1 to 64 of A-Z a-z 0-9 . _ : -`);
  }
  await openAccounts(ledger, { account: plainAccount, openingBalanceMinor });

  let hasFailed = false;
  return createTcpServer<PlainRequest, PlainReply, Session>({
    codec: plainServerCodec(framing),
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 65432,
    // In chunk framing too: a web page can make a browser send any text to a port of this machine.
    refuseOtherProtocols: true,
    limits: { maxConnections: options.maxConnections ?? 1000 },
    ...(framing === "line" && {
      unfinishedFrameHint: { afterMs: UNFINISHED_LINE_AFTER_MS, reply: { kind: "unfinished-line" } },
    }),
    // A line that is too long or not UTF-8 is no command; the next one may be.
    onBadFrame: () => ({ kind: "invalid-command" }),
    openState: () => createPlainSession(ledger, plainAccount),
    handler: async (request, context) => {
      let reply: PlainReply | undefined;
      try {
        reply = await context.state(request);
      } catch (error) {
        // Whether it took effect is unknown, and every word of this dialect would be a claim.
        if (!hasFailed) options.onLedgerFailure?.(error);
        hasFailed = true;
      }
      if (reply === undefined) context.close();
      return reply;
    },
  });
}
