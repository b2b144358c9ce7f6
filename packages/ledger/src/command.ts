import type { AccountProfile, AccountTerms, Side } from "./account.ts";

/** Who asks, and under which idempotency key. */
export interface Identity {
  /**
   * Who sends the command: ids of different principals never meet. 1 to 64 printable ASCII characters without blanks;
   * `@ledger` is the ledger itself.
   */
  readonly principal: string;
  /** The idempotency key: of the same characters, made by the sender, valid for ever. */
  readonly id: string;
}

/** What any command but `settle` may carry. All of it belongs to the request: with another memo it is another request. */
export interface Request extends Identity {
  /** What it is for, in words: 1 to 140 characters, no control characters. */
  readonly memo?: string;
  /** The sender's own reference, such as an invoice's number: 1 to 64 characters, no control characters. */
  readonly ref?: string;
  /** Only if an account has had exactly so many entries; otherwise `VERSION_CONFLICT`. */
  readonly ifVersion?: VersionCondition;
}

/** What a command expects of an account. Holds and limits do not change its version, entries do. */
export interface VersionCondition {
  readonly account: string;
  /** {@link Account.version}, 0 to 2^53 - 1. */
  readonly version: number;
}

/** One side of an entry: an amount debited or credited to an account. */
export interface Leg {
  readonly account: string;
  readonly side: Side;
  /** Minor units, 1 to 2^63 - 1. */
  readonly amountMinor: bigint;
}

/** Opens an account. */
export interface OpenCommand extends Request, AccountTerms, AccountProfile {
  readonly verb: "open";
}

/** Posts one entry: 2 to 64 legs whose debits equal their credits in each currency. All of it happens, or nothing. */
export interface PostCommand extends Request {
  readonly verb: "post";
  readonly legs: readonly Leg[];
}

/** Sets money aside on `from`, and promises it to `to`. */
export interface HoldCommand extends Request {
  readonly verb: "hold";
  readonly from: string;
  readonly to: string;
  readonly amountMinor: bigint;
  /** After this time on the ledger's clock what is left is free again; null for never. Milliseconds, 1 to 10^12. */
  readonly expiresInMs: number | null;
}

/** Posts all or a part of what a hold of the same principal still sets aside. */
export interface CaptureCommand extends Request {
  readonly verb: "capture";
  /** The id of the hold. */
  readonly hold: string;
  /** Minor units; null for all that is left. */
  readonly amountMinor: bigint | null;
  /** Whether what is left is then released. */
  readonly isFinal: boolean;
}

/** Frees what a hold of the same principal still sets aside. */
export interface ReleaseCommand extends Request {
  readonly verb: "release";
  /** The id of the hold. */
  readonly hold: string;
}

/** Posts the opposite of an entry of the same principal. Each entry can be reversed once. */
export interface ReverseCommand extends Request {
  readonly verb: "reverse";
  /** The id of the command that posted it: a post, a capture, or a reversal. */
  readonly entry: string;
}

/** Changes what an account's balance is limited to. What was booked before stays; the limits hold from here on. */
export interface LimitCommand extends Request {
  readonly verb: "limit";
  readonly account: string;
  readonly minBalanceMinor: bigint | null;
  readonly maxBalanceMinor: bigint | null;
}

/** Changes whether an account takes postings and holds. Closing needs a balance of zero and no holds, and is for ever. */
export interface StatusCommand extends Request {
  readonly verb: "freeze" | "unfreeze" | "close";
  readonly account: string;
}

/** Frees what an expired hold still sets aside. Made by the ledger itself, at a definite place in its order. */
export interface ExpireCommand extends Identity {
  readonly verb: "expire";
  /** The place in the order of the command that made the hold. */
  readonly holdSeq: number;
}

/** Learns what became of an id, or makes sure that nothing ever will: `settle` and the fence are one step. */
export interface SettleCommand extends Identity {
  readonly verb: "settle";
}

/** What a ledger can be asked to do. */
export type Submission = Exclude<Command, ExpireCommand>;

/** Something that changes the books. */
export type Command =
  | OpenCommand
  | PostCommand
  | HoldCommand
  | CaptureCommand
  | ReleaseCommand
  | ReverseCommand
  | LimitCommand
  | StatusCommand
  | ExpireCommand
  | SettleCommand;

interface Movement extends Request {
  readonly amountMinor: bigint;
}

/** Moves money between two accounts: debits `from`, credits `to`. */
export function transfer(movement: Movement & { readonly from: string; readonly to: string }): PostCommand {
  const { principal, id, memo, ref, ifVersion, from, to, amountMinor } = movement;
  const legs: Leg[] = [
    { account: from, side: "debit", amountMinor },
    { account: to, side: "credit", amountMinor },
  ];
  const post: PostCommand = { verb: "post", principal, id, legs };
  if (memo === undefined && ref === undefined && ifVersion === undefined) return post;
  return {
    ...post,
    ...(memo !== undefined && { memo }),
    ...(ref !== undefined && { ref }),
    ...(ifVersion !== undefined && { ifVersion }),
  };
}

/** Cash comes in: the bank holds more of it in `@cash`, and owes more to the customer. */
export function deposit({ account, ...movement }: Movement & { readonly account: string }): PostCommand {
  return transfer({ ...movement, from: "@cash", to: account });
}

/** Cash is paid out to the customer. */
export function withdraw({ account, ...movement }: Movement & { readonly account: string }): PostCommand {
  return transfer({ ...movement, from: account, to: "@cash" });
}
