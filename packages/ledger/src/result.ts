import type { Account } from "./account.ts";
import type { Leg } from "./command.ts";

/**
 * Why a command was refused, in order of precedence: the first that applies is the answer.
 *
 * Not recorded, so the same id may be sent again, corrected: `ID_INVALID`, `ACCOUNT_INVALID`, `CURRENCY_UNKNOWN`,
 * `LEGS_INVALID` (fewer than 2 or more than 64), `AMOUNT_INVALID` (below 1 or above 2^63 - 1 minor units),
 * `LIMITS_INVALID` (a minimum above the maximum), `EXPIRY_INVALID`, `OWNER_INVALID`, `METADATA_INVALID`, `MEMO_INVALID`,
 * `REF_INVALID`, `VERSION_INVALID`.
 *
 * The id is taken, and nothing happens: `ID_FENCED` (settled before it was used), `ID_REUSED` (for another content).
 *
 * Not recorded, try the same later: `TOO_MANY_REFUSALS` (of this principal are recorded already), and from stores on a
 * disk `STORE_FULL` (it has no room), `STORE_BUSY` (too much is waiting to be written) and, where the store is another
 * machine's, `STORE_UNAVAILABLE` (it cannot be reached).
 *
 * Recorded, under this id it never will happen: all others.
 */
export type RefusalCode =
  | "ID_INVALID"
  | "ACCOUNT_INVALID"
  | "CURRENCY_UNKNOWN"
  | "LEGS_INVALID"
  | "AMOUNT_INVALID"
  | "LIMITS_INVALID"
  | "EXPIRY_INVALID"
  | "OWNER_INVALID"
  | "METADATA_INVALID"
  | "MEMO_INVALID"
  | "REF_INVALID"
  | "VERSION_INVALID"
  | "ID_FENCED"
  | "ID_REUSED"
  | "TOO_MANY_REFUSALS"
  | "STORE_FULL"
  | "STORE_BUSY"
  | "STORE_UNAVAILABLE"
  | "VERSION_CONFLICT"
  | "HOLD_UNKNOWN"
  | "HOLD_CAPTURED"
  | "HOLD_RELEASED"
  | "HOLD_EXPIRED"
  | "CAPTURE_EXCEEDS_HOLD"
  | "ENTRY_UNKNOWN"
  | "ALREADY_REVERSED"
  | "ACCOUNT_EXISTS"
  | "ACCOUNT_UNKNOWN"
  | "ACCOUNT_CLOSED"
  | "ACCOUNT_FROZEN"
  | "ACCOUNT_NOT_EMPTY"
  | "SAME_ACCOUNT"
  | "CURRENCY_MISMATCH"
  | "UNBALANCED"
  | "INSUFFICIENT_FUNDS"
  | "BALANCE_CEILING"
  | "OVERFLOW";

/** Money set aside, at one moment of the ledger's order. */
export interface Hold {
  /** The place in the order of the command that made it. */
  readonly seq: number;
  /** Who made it. */
  readonly principal: string;
  /** Under which id: `capture` and `release` name it so. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amountMinor: bigint;
  /** What it still sets aside, in minor units; 0 once it is no longer "held". */
  readonly leftMinor: bigint;
  /** When what is left is free again, on the ledger's clock, in milliseconds since 1970; null for never. */
  readonly expiresAtMs: number | null;
  readonly state: "held" | "captured" | "released" | "expired";
}

/** The command took effect. */
export interface Done {
  readonly ok: true;
  /** Its place in the ledger's one order, from 1. */
  readonly seq: number;
  /** The ledger's clock then, in milliseconds since 1970; it never goes back. */
  readonly atMs: number;
  /** The legs that it posted, none for a command that moves no money. */
  readonly legs: readonly Leg[];
  /** The accounts that it touched, as it left them, in the order in which they came up. */
  readonly accounts: readonly Account[];
  /** The hold that it made or changed, as it left it. */
  readonly hold?: Hold;
  /** The place in the order of the entry that it reversed. */
  readonly reversedSeq?: number;
  /** True when this id took effect earlier and this is that first answer again. */
  readonly replayed: boolean;
}

/** The command did not take effect. */
export interface Refused {
  readonly ok: false;
  readonly code: RefusalCode;
  /** The account it failed on, where one is to blame. */
  readonly account?: string;
  /** `INSUFFICIENT_FUNDS`: what the account could have paid. `CAPTURE_EXCEEDS_HOLD`: what is left. Minor units. */
  readonly availableMinor?: bigint;
  /** True when this id was refused or fenced earlier and this is that first answer again. */
  readonly replayed: boolean;
}

/** What a command that took effect is proved by. */
export interface Receipt extends Done {
  /**
   * SHA-256 of the journal segment that holds it, as 64 hexadecimal digits; segments are linked, so it vouches for all
   * that was recorded before. Empty where the store keeps no chain.
   */
  readonly head: string;
}

/** What a store answers: a receipt once the outcome is durable, or a refusal. */
export type Answer = Receipt | Refused;

/** What a command comes to: an expected outcome, never an exception. */
export type Result = Done | Refused;

/** A refusal that is made now. */
export function refused(code: RefusalCode, facts: Pick<Refused, "account" | "availableMinor"> = {}): Refused {
  return { ok: false, code, ...facts, replayed: false };
}
