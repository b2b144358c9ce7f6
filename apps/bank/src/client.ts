import type {
  AccountsReply,
  AuditReply,
  BalanceReply,
  BankReply,
  BankRequest,
  CapabilitiesReply,
  CaptureRequest,
  CashRequest,
  HoldRequest,
  HoldsReply,
  HoldsRequest,
  JournalRequest,
  LimitRequest,
  OpenRequest,
  PongReply,
  Refusal,
  ReleaseRequest,
  ReverseRequest,
  StatementReply,
  StatementRequest,
  StatusRequest,
  TransferRequest,
  UnseenReply,
  WouldDeclineReply,
  WouldDoReply,
  WriteRequest,
} from "@tallyline/bank-protocol";
import { connectTcp, type TcpTarget } from "@tallyline/tcp";
import { BankCaller } from "./client/bank-caller.ts";
import type { BankStream, Login } from "./client/client-connection.ts";
import type { Outcome } from "./client/outcome.ts";
import { ulid } from "./client/ulid.ts";

/** What a bank client is made of; where nothing is said, that of a bank on this machine. */
export interface BankClientOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 65432, with TLS 65435. */
  readonly port?: number;
  /** TLS 1.3, and what the server's certificate is checked with. */
  readonly tls?: TcpTarget["tls"];
  /** Another transport: anything that has the shape. Host, port and tls are then its own. */
  readonly connect?: () => Promise<BankStream>;
  /** Who logs in on each connection. Default: nobody; the bank may know by the certificate, or need not know. */
  readonly login?: Login;
  /** Makes ids. Default: ULIDs, which are cheap for a bank to check. */
  readonly makeId?: () => string;
  /**
   * Told of each write before anything of it is sent, and awaited: what it keeps, a client that was killed can repeat or
   * settle. The write is not sent when it rejects.
   */
  readonly onWrite?: (request: WriteRequest) => void | Promise<void>;
  /** Time for a call, in milliseconds; a write is settled then. Default 10,000. */
  readonly deadlineMs?: number;
  /** Time to settle what has no answer at its deadline. Default 60,000. */
  readonly settleDeadlineMs?: number;
  /** Requests sent and not answered; more wait. Default 64, what a server works on for one connection. */
  readonly maxInFlight?: number;
  /** Calls that wait to be sent; more are refused. Default 10,000. */
  readonly maxWaiting?: number;
}

/** A write without what the client adds: its verb, and the id where none is given. */
export type Order<R extends WriteRequest> = Omit<R, "verb" | "id" | "dryRun"> & { readonly id?: string };

/** What a dry run came to. */
export type Preview = WouldDoReply | WouldDeclineReply | Refusal;

/**
 * Talks bank/1 to a bank over one connection, which it makes when it is needed and again when it is lost. Calls are
 * pipelined.
 *
 * A write ends in done, declined or fenced. Until then it is repeated under the same id, whatever happens to
 * connections; at its deadline it is settled, so that it has happened or never will. Rejects with BankClientError where
 * even that cannot be found out in time, with the id to do it later, or where nothing was ever sent.
 *
 * Questions are asked again until their deadline. What the bank refuses to answer is a reply, not an error.
 */
export interface BankClient extends AsyncDisposable {
  /** Cash comes in: into `account`, by default the session's own. */
  deposit(order: Order<CashRequest>): Promise<Outcome>;
  /** Cash is paid out. */
  withdraw(order: Order<CashRequest>): Promise<Outcome>;
  /** Moves money between two accounts. */
  transfer(order: Order<TransferRequest>): Promise<Outcome>;
  /** Posts one entry of several legs, all or nothing. */
  journal(order: Order<JournalRequest>): Promise<Outcome>;
  /** Sets money aside; its id is what `capture` and `release` name. */
  hold(order: Order<HoldRequest>): Promise<Outcome>;
  /** Moves all or a part of what a hold has set aside. */
  capture(order: Order<CaptureRequest>): Promise<Outcome>;
  /** Frees what a hold has set aside. */
  release(order: Order<ReleaseRequest>): Promise<Outcome>;
  /** Posts the opposite of an entry, once. */
  reverse(order: Order<ReverseRequest>): Promise<Outcome>;
  /** Opens an account. */
  open(order: Order<OpenRequest>): Promise<Outcome>;
  /** Closes an account for ever; its balance has to be zero. */
  closeAccount(order: Order<StatusRequest>): Promise<Outcome>;
  /** Has an account take no postings and holds until it is unfrozen. */
  freeze(order: Order<StatusRequest>): Promise<Outcome>;
  /** Has a frozen account take postings and holds again. */
  unfreeze(order: Order<StatusRequest>): Promise<Outcome>;
  /** Sets the least and the greatest balance of an account. */
  limit(order: Order<LimitRequest>): Promise<Outcome>;
  /** Carries out any write, under the id that it has: such as one that was kept by `onWrite`. */
  write(request: WriteRequest): Promise<Outcome>;
  /** Tries a write, and does not do it. */
  preview(request: WriteRequest): Promise<Preview>;
  /** Learns what became of an id, or makes sure that nothing ever will. */
  settle(id: string): Promise<Outcome>;
  /** Learns what became of an id; `UNSEEN` is no promise. */
  lookup(id: string): Promise<Outcome | UnseenReply>;
  /** Reads an account: the session's own where none is named. */
  balance(account?: string): Promise<BalanceReply | Refusal>;
  /** Reads a page of an account's entries. */
  statement(range?: Omit<StatementRequest, "verb">): Promise<StatementReply | Refusal>;
  /** Reads a page of the holds on an account. */
  holds(range?: Omit<HoldsRequest, "verb">): Promise<HoldsReply | Refusal>;
  /** Reads a page of the accounts, by name. */
  accounts(range?: { readonly after?: string; readonly limit?: number }): Promise<AccountsReply | Refusal>;
  /** Where the journal ends; with `verify`, after the bank has read all of it. */
  audit(what: "head" | "verify"): Promise<AuditReply | Refusal>;
  /** Asks what the bank can do. */
  capabilities(): Promise<CapabilitiesReply | Refusal>;
  /** Asks whether the bank is there. */
  ping(): Promise<PongReply | Refusal>;
  /** Asks any question that changes nothing. */
  ask(request: Exclude<BankRequest, WriteRequest>): Promise<BankReply>;
  /** Closes the connection; calls that wait are given up as they are at their deadline, but not settled. */
  close(): Promise<void>;
}

/** Creates a client; it connects with the first call. */
export function createBankClient(options: BankClientOptions = {}): BankClient {
  const { host = "127.0.0.1", tls, login, makeId = ulid } = options;
  const port = options.port ?? (tls === undefined ? 65432 : 65435);
  const connect = options.connect ?? (() => connectTcp({ host, port, ...(tls !== undefined && { tls }) }));
  const caller = new BankCaller({ ...options, connect, login });

  const write =
    <R extends WriteRequest>(verb: R["verb"]) =>
    (order: Order<R>): Promise<Outcome> =>
      caller.write({ verb, id: makeId(), ...order } as unknown as WriteRequest);
  const ask = <Reply>(request: BankRequest): Promise<Reply> => caller.ask(request) as Promise<Reply>;

  return {
    deposit: write("deposit"),
    withdraw: write("withdraw"),
    transfer: write("transfer"),
    journal: write("journal"),
    hold: write("hold"),
    capture: write("capture"),
    release: write("release"),
    reverse: write("reverse"),
    open: write("open"),
    closeAccount: write("close"),
    freeze: write("freeze"),
    unfreeze: write("unfreeze"),
    limit: write("limit"),
    write: (request) => caller.write(request),
    preview: (request) => ask({ ...request, dryRun: true }),
    settle: (id) => caller.settle(id),
    lookup: (id) => caller.lookup(id),
    balance: (account) => ask({ verb: "balance", ...(account !== undefined && { account }) }),
    statement: (range = {}) => ask({ verb: "statement", ...range }),
    holds: (range = {}) => ask({ verb: "holds", ...range }),
    accounts: (range = {}) => ask({ verb: "accounts", ...range }),
    audit: (what) => ask({ verb: "audit", what }),
    capabilities: () => ask({ verb: "capabilities" }),
    ping: () => ask({ verb: "ping" }),
    ask,
    close: () => caller.close(),
    [Symbol.asyncDispose]: () => caller.close(),
  };
}

export { BankClientError } from "./client/client-error.ts";
export type { BankStream, Login } from "./client/client-connection.ts";
export type { Outcome } from "./client/outcome.ts";
