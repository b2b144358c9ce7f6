import type { Account } from "./account.ts";

/**
 * Why a command was refused, in order of precedence: the first that applies is the answer.
 *
 * Not recorded, the same id may be used again for a corrected command:
 * `ID_INVALID`, `ACCOUNT_INVALID`, `CURRENCY_UNKNOWN`, `LEGS_INVALID` (fewer than 2 or more than 64),
 * `AMOUNT_INVALID` (below 1 or above 2^63 - 1 minor units).
 *
 * Nothing happens, and what the id stands for remains: `ID_REUSED` (the id was used for another content).
 *
 * Recorded, under this id it never will happen: `ACCOUNT_EXISTS`, `ACCOUNT_UNKNOWN`, `UNBALANCED`, `OVERFLOW`,
 * `INSUFFICIENT_FUNDS`.
 */
export type RefusalCode =
  | "ID_INVALID"
  | "ACCOUNT_INVALID"
  | "CURRENCY_UNKNOWN"
  | "LEGS_INVALID"
  | "AMOUNT_INVALID"
  | "ID_REUSED"
  | "ACCOUNT_EXISTS"
  | "ACCOUNT_UNKNOWN"
  | "UNBALANCED"
  | "OVERFLOW"
  | "INSUFFICIENT_FUNDS";

/** The command took effect. */
export interface Done {
  readonly ok: true;
  /** Its place in the ledger's one order, from 1. */
  readonly seq: number;
  /** The accounts it touched, as it left them, in the order in which the command names them. */
  readonly accounts: readonly Account[];
  /** True when this id took effect earlier and this is that first answer again. */
  readonly replayed: boolean;
}

/** The command did not take effect. */
export interface Refused {
  readonly ok: false;
  readonly code: RefusalCode;
  /** The account it failed on, where one is to blame. */
  readonly account?: string;
  /** `INSUFFICIENT_FUNDS`: what the account could have paid, in minor units. */
  readonly availableMinor?: bigint;
  /** True when this id was refused earlier and this is that first answer again. */
  readonly replayed: boolean;
}

/** The answer to a command: an expected outcome, never an exception. */
export type Result = Done | Refused;
