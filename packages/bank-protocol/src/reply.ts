import type { WireSide } from "./argument.ts";
import type { ReplyCode } from "./codes.ts";
import type { WireAccountKind } from "./request.ts";

/** An account after a change, as far as the session may see it. Amounts are decimals in its currency. */
export interface WireBalance {
  readonly account: string;
  readonly currency: string;
  /** What was posted: ISO 20022's interim booked balance. */
  readonly booked: string;
  /** Less what holds have set aside. */
  readonly available: string;
  /** How many legs have been posted to it. */
  readonly version: number;
}

/** An account in a list. */
export interface WireAccount extends WireBalance {
  readonly kind: WireAccountKind;
  readonly status: "open" | "frozen" | "closed";
  /** A decimal, or "none". */
  readonly min: string;
  readonly max: string;
  readonly owner?: string;
}

/** Money set aside. */
export interface WireHold {
  /** The id under which it was made; only who made it can use it. */
  readonly hold: string;
  /** The place in the order of what made it. */
  readonly seq: number;
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly amount: string;
  /** What it still sets aside. */
  readonly left: string;
  readonly state: "held" | "captured" | "released" | "expired";
  readonly expires?: string;
}

/** One leg as its account sees it. */
export interface WireEntry {
  readonly version: number;
  readonly seq: number;
  readonly time: string;
  readonly side: WireSide;
  readonly amount: string;
  /** The account's booked balance after it. */
  readonly booked: string;
  readonly memo?: string;
  readonly ref?: string;
}

/** What happened, and where it stands in the books. */
export interface Receipt {
  /** The place in the bank's one order, from 1. */
  readonly seq: number;
  /** The bank's clock then. */
  readonly time: string;
  /** SHA-256 over the journal up to the segment that it stands in. */
  readonly head?: string;
  readonly balances: readonly WireBalance[];
  /** The hold that it made or changed. */
  readonly holds: readonly WireHold[];
}

/** What an answer says beside its code. */
export interface RefusalFacts {
  /** The account that it failed on. */
  readonly account?: string;
  readonly currency?: string;
  /** What the account could have paid, or the hold had left. */
  readonly available?: string;
  /** The argument that is wrong. */
  readonly argument?: string;
  /** When to try again. */
  readonly retryMs?: number;
  /** This id was answered like that before. */
  readonly replayed?: true;
}

/** An answer in class NO, BAD, TRY or UNK. */
export interface Refusal extends RefusalFacts {
  readonly class: "NO" | "BAD" | "TRY" | "UNK";
  readonly code: ReplyCode;
  /** For people. */
  readonly text?: string;
}

interface Ok<Code extends string> {
  readonly class: "OK";
  readonly code: Code;
}

/** The connection speaks bank/1 from here on. */
export interface HelloReply extends Ok<"HELLO"> {
  readonly protocol: string;
  /** Who the session is, where it is somebody without having said so. */
  readonly principal?: string;
  readonly role?: string;
}
/** What this bank can do, by name. */
export interface CapabilitiesReply extends Ok<"CAPABILITIES"> {
  readonly capabilities: readonly { readonly name: string; readonly value?: string }[];
}
/** The bank is there. */
export type PongReply = Ok<"PONG">;
/** The bank closes the connection after this. */
export type ByeReply = Ok<"BYE">;
/** The commands, for people. */
export interface HelpReply extends Ok<"HELP"> {
  readonly commands: readonly { readonly usage: string; readonly summary: string }[];
}
/** The mechanism goes on: the next `auth` carries its answer to this. */
export interface ContinueReply extends Ok<"CONTINUE"> {
  readonly data: string;
}
/** The session is somebody from here on. */
export interface AuthenticatedReply extends Ok<"AUTHENTICATED"> {
  readonly principal: string;
  readonly role: string;
  /** The session's own account. */
  readonly account?: string;
  /** The server's proof. */
  readonly data: string;
}
/** It took effect. */
export interface DoneReply extends Ok<"DONE">, Receipt {
  /** This id took effect before, and this is that first answer. */
  readonly replayed?: true;
}
/** A dry run: it would take effect now, and did not. */
export interface WouldDoReply extends Ok<"WOULD_DO"> {
  readonly balances: readonly WireBalance[];
  readonly holds: readonly WireHold[];
}
/** A dry run: it would be refused now. */
export interface WouldDeclineReply extends Ok<"WOULD_DECLINE">, Omit<RefusalFacts, "replayed"> {
  readonly declined: ReplyCode;
}
/** The id took effect. */
export interface ExecutedReply extends Ok<"EXECUTED">, Receipt {}
/** The id was refused, for ever. */
export interface DeclinedReply extends Ok<"DECLINED">, Omit<RefusalFacts, "replayed"> {
  readonly declined: ReplyCode;
}
/** Nothing happened under the id, and nothing ever will. */
export type FencedReply = Ok<"FENCED">;
/** Nothing happened under the id yet. No promise: it may be on its way. */
export type UnseenReply = Ok<"UNSEEN">;
/** An account, as it is now. */
export interface BalanceReply extends Ok<"BALANCE">, WireAccount {}
/** A page of the accounts, in the order of their names. */
export interface AccountsReply extends Ok<"ACCOUNTS"> {
  readonly accounts: readonly WireAccount[];
  /** Ask again with this as `after`; nothing follows where it is missing. */
  readonly next?: string;
}
/** A page of the holds on an account that still hold something. */
export interface HoldsReply extends Ok<"HOLDS"> {
  readonly holds: readonly WireHold[];
  readonly next?: number;
}
/** A page of an account's entries, and its balance before the first and after the last of them. */
export interface StatementReply extends Ok<"STATEMENT"> {
  readonly account: string;
  readonly currency: string;
  readonly opening: string;
  readonly closing: string;
  readonly entries: readonly WireEntry[];
  readonly next?: number;
}
/** Where the journal ends. */
export interface AuditReply extends Ok<"AUDIT"> {
  /** The place in the order of the last that happened, 0 before the first. */
  readonly seq: number;
  readonly head?: string;
  /** The whole journal was read, and everything agrees. */
  readonly verified?: true;
}

/** An answer in class OK. */
export type OkReply =
  | HelloReply
  | CapabilitiesReply
  | PongReply
  | ByeReply
  | HelpReply
  | ContinueReply
  | AuthenticatedReply
  | DoneReply
  | WouldDoReply
  | WouldDeclineReply
  | ExecutedReply
  | DeclinedReply
  | FencedReply
  | UnseenReply
  | BalanceReply
  | AccountsReply
  | HoldsReply
  | StatementReply
  | AuditReply;

/** A reply of bank/1. */
export type BankReply = OkReply | Refusal;
