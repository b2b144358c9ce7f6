import type { WireLeg } from "./argument.ts";

/**
 * What changes the books carries an id: sent again, it is the same request and is answered with the first answer.
 * Amounts are decimals; how many decimals they may have is the currency's of their accounts.
 */
export interface Write {
  /** The idempotency key, made by the client. 1 to 64 visible ASCII characters without `"` and `=`. */
  readonly id: string;
  /** Only if the version of the account that the command names first is still this. */
  readonly ifVersion?: number;
  /** For people. 1 to 140 characters. */
  readonly memo?: string;
  /** For other systems. 1 to 64 characters. */
  readonly ref?: string;
  /** Decides, and does not do it. */
  readonly dryRun?: true;
}

/** Begins bank/1. */
export interface HelloRequest {
  readonly verb: "hello";
  /** `bank/1`. */
  readonly protocol: string;
}
/** A request without arguments. */
export interface PlainWordRequest {
  readonly verb: "capabilities" | "ping" | "help" | "quit";
}
/** One step of proving who the session is (docs/bank-protocol.md §8). */
export interface AuthRequest {
  readonly verb: "auth";
  /** `SCRAM-SHA-256`. */
  readonly mechanism: string;
  /** The mechanism's message. */
  readonly data: string;
}
/** Opens an account. */
export interface OpenRequest extends Write {
  readonly verb: "open";
  readonly account: string;
  readonly currency: string;
  /** Default "liability": what the bank owes a customer. */
  readonly kind?: WireAccountKind;
  /** The balance may not go below: a decimal, or "none". Default "0". */
  readonly min?: string;
  /** Nor above. Default "none". */
  readonly max?: string;
  /** The user who may use it. */
  readonly owner?: string;
}
/** The side that increases an account, and what it stands for: a customer's account is a liability of the bank. */
export type WireAccountKind = "asset" | "liability" | "equity" | "income" | "expense";

/** Changes whether an account takes postings and holds. Closing needs a balance of zero, and is for ever. */
export interface StatusRequest extends Write {
  readonly verb: "close" | "freeze" | "unfreeze";
  readonly account: string;
}
/** Sets both bounds; one that is not named becomes what it is by default at `open`. */
export interface LimitRequest extends Write {
  readonly verb: "limit";
  readonly account: string;
  readonly min?: string;
  readonly max?: string;
}
/** Lists accounts by name; 1 to 500 of them, by default 100. */
export interface AccountsRequest {
  readonly verb: "accounts";
  /** Only names behind this one. */
  readonly after?: string;
  readonly limit?: number;
}
/** Reads an account. */
export interface BalanceRequest {
  readonly verb: "balance";
  /** Default: the session's own. */
  readonly account?: string;
}
/** Cash in or out. */
export interface CashRequest extends Write {
  readonly verb: "deposit" | "withdraw";
  /** Default: the session's own. */
  readonly account?: string;
  readonly amount: string;
}
/** Debits `from` and credits `to`. */
export interface TransferRequest extends Write {
  readonly verb: "transfer";
  readonly from: string;
  readonly to: string;
  readonly amount: string;
}
/** Posts one entry of several legs. All of it happens, or nothing. */
export interface JournalRequest extends Write {
  readonly verb: "journal";
  /** 2 to 64, whose debits equal their credits. */
  readonly legs: readonly WireLeg[];
}
/** Sets money aside on `from`, and promises it to `to`. */
export interface HoldRequest extends Write {
  readonly verb: "hold";
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  /** Default: never. */
  readonly expiresS?: number;
}
/** Moves all or a part of what a hold has set aside. */
export interface CaptureRequest extends Write {
  readonly verb: "capture";
  /** The id of the hold. */
  readonly hold: string;
  /** Default: all that is left. */
  readonly amount?: string;
  /** What is left then is released. */
  readonly final?: true;
}
/** Frees what a hold has set aside. */
export interface ReleaseRequest extends Write {
  readonly verb: "release";
  readonly hold: string;
}
/** Lists the holds on an account; 1 to 500 of them, by default 100. */
export interface HoldsRequest {
  readonly verb: "holds";
  /** Default: the session's own. */
  readonly account?: string;
  /** Only holds made behind this place in the order. */
  readonly after?: number;
  readonly limit?: number;
}
/** Posts the opposite of an entry, once. */
export interface ReverseRequest extends Write {
  readonly verb: "reverse";
  /** The id of what is to be reversed. */
  readonly transfer: string;
}
/** Lists an account's entries; 1 to 500 of them, by default 100. */
export interface StatementRequest {
  readonly verb: "statement";
  /** Default: the session's own. */
  readonly account?: string;
  /** Only entries behind this version. */
  readonly after?: number;
  readonly limit?: number;
}
/** `lookup` reads what became of an id; `settle` also makes sure that nothing ever will, if nothing did. */
export interface OutcomeRequest {
  readonly verb: "lookup" | "settle";
  readonly id: string;
}
/** Tells where the journal ends; `verify` reads all of it first. */
export interface AuditRequest {
  readonly verb: "audit";
  readonly what: "head" | "verify";
}

/** A request of bank/1. */
export type BankRequest =
  | HelloRequest
  | PlainWordRequest
  | AuthRequest
  | OpenRequest
  | StatusRequest
  | LimitRequest
  | AccountsRequest
  | BalanceRequest
  | CashRequest
  | TransferRequest
  | JournalRequest
  | HoldRequest
  | CaptureRequest
  | ReleaseRequest
  | HoldsRequest
  | ReverseRequest
  | StatementRequest
  | OutcomeRequest
  | AuditRequest;

/** The first word of a request. */
export type Verb = BankRequest["verb"];

/** The request with a verb. */
export type RequestOf<V extends Verb, R extends BankRequest = BankRequest> = R extends BankRequest
  ? V extends R["verb"]
    ? R & { readonly verb: V }
    : never
  : never;

/** The requests that change the books, and carry what a {@link Write} may carry. */
export type WriteRequest = Exclude<Extract<BankRequest, Write>, OutcomeRequest>;
