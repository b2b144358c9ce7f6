/**
 * What a reply promises about the money.
 *
 * - `OK`: it happened, or it was a question.
 * - `NO`: it did not happen, and under this id it never will.
 * - `BAD`: it did not happen; correct the request, the same id may be used.
 * - `TRY`: it did not happen; repeat the same with the same id.
 * - `UNK`: nobody here knows; repeat the same with the same id, or settle it.
 */
export type ReplyClass = "OK" | "NO" | "BAD" | "TRY" | "UNK";

/** What is known about a code beside its name. */
export interface CodeFacts {
  readonly class: Exclude<ReplyClass, "OK">;
  /** ISO 20022 reason code, where there is one. */
  readonly iso?: string;
  /** For people. */
  readonly text: string;
}

/**
 * Every code of a reply that is not OK, in order of precedence: of all that apply the first is the answer.
 * `OUTCOME_UNKNOWN` stands at the end because it says that no other could be found out.
 */
export const CODES = {
  // The line.
  LINE_TOO_LONG: { class: "BAD", iso: "FF01", text: "The line is too long." },
  SYNTAX: { class: "BAD", iso: "FF01", text: "The line cannot be read." },
  UNKNOWN_COMMAND: { class: "BAD", text: "There is no such command." },
  UNKNOWN_ARGUMENT: { class: "BAD", text: "The command has no such argument." },
  ARGUMENT_MISSING: { class: "BAD", text: "An argument is missing." },
  ID_REQUIRED: { class: "BAD", text: "Whatever changes the books needs an id." },
  ID_INVALID: { class: "BAD", text: "The id is none." },
  ACCOUNT_INVALID: { class: "BAD", iso: "AC01", text: "The account's name is none." },
  AMOUNT_INVALID: { class: "BAD", iso: "AM12", text: "The amount is none." },
  ZERO_AMOUNT: { class: "BAD", iso: "AM01", text: "The amount is zero." },
  LEGS_INVALID: { class: "BAD", text: "The legs are none, or fewer than 2 or more than 64." },
  MEMO_INVALID: { class: "BAD", text: "The memo is none." },
  REF_INVALID: { class: "BAD", text: "The reference is none." },
  OWNER_INVALID: { class: "BAD", text: "An owner is a user, and the account one of kind liability." },
  ARGUMENT_INVALID: { class: "BAD", text: "An argument is not what it should be." },
  UNSUPPORTED: { class: "BAD", text: "This server does not do that." },
  // The session.
  RATE_LIMITED: { class: "TRY", text: "That is too often." },
  AUTH_LOCKED: { class: "NO", text: "Too many attempts; wait." },
  AUTH_FAILED: { class: "NO", text: "Who you are was not proved." },
  AUTH_REQUIRED: { class: "BAD", text: "Authenticate first." },
  FORBIDDEN: { class: "NO", iso: "AG01", text: "Your role may not do that." },
  // The request, against what the bank knows.
  AMOUNT_PRECISION: { class: "BAD", iso: "AM12", text: "The amount has more decimals than its currency." },
  CURRENCY_UNKNOWN: { class: "BAD", iso: "AM03", text: "The bank does not know this currency." },
  LIMITS_INVALID: { class: "BAD", text: "The minimum is above the maximum." },
  EXPIRY_INVALID: { class: "BAD", text: "A hold cannot last that long." },
  ID_FENCED: { class: "NO", text: "This id was settled before it was used." },
  ID_REUSED: { class: "NO", iso: "AM05", text: "This id was used for something else." },
  TOO_MANY_REFUSALS: { class: "TRY", text: "Too many refusals of yours are on record." },
  // The request, against the books.
  VERSION_CONFLICT: { class: "NO", text: "The account has moved on." },
  HOLD_UNKNOWN: { class: "NO", text: "There is no such hold of yours." },
  HOLD_CAPTURED: { class: "NO", text: "The hold was captured." },
  HOLD_RELEASED: { class: "NO", text: "The hold was released." },
  HOLD_EXPIRED: { class: "NO", text: "The hold has expired." },
  CAPTURE_EXCEEDS_HOLD: { class: "NO", iso: "AM09", text: "More than the hold has left." },
  ENTRY_UNKNOWN: { class: "NO", text: "There is no such entry of yours." },
  ALREADY_REVERSED: { class: "NO", text: "It was reversed before." },
  ACCOUNT_EXISTS: { class: "NO", text: "There is an account of this name." },
  ACCOUNT_UNKNOWN: { class: "NO", iso: "AC01", text: "There is no such account." },
  ACCOUNT_CLOSED: { class: "NO", iso: "AC04", text: "The account is closed." },
  ACCOUNT_FROZEN: { class: "NO", iso: "AC06", text: "The account is frozen." },
  ACCOUNT_NOT_EMPTY: { class: "NO", text: "The account has money, or a hold, on it." },
  SAME_ACCOUNT: { class: "NO", iso: "AG03", text: "From and to are the same account." },
  CURRENCY_MISMATCH: { class: "NO", iso: "AM03", text: "The accounts' currencies differ." },
  UNBALANCED: { class: "NO", text: "Debits and credits differ." },
  INSUFFICIENT_FUNDS: { class: "NO", iso: "AM04", text: "Insufficient funds." },
  BALANCE_CEILING: { class: "NO", iso: "AM02", text: "The account may not hold that much." },
  OVERFLOW: { class: "NO", iso: "AM02", text: "The balance would be too large to count." },
  // The store.
  BUSY: { class: "TRY", text: "Too much waits to be written." },
  READ_ONLY: { class: "TRY", text: "The books cannot be written now." },
  STORE_UNAVAILABLE: { class: "TRY", text: "The books cannot be reached now." },
  OUTCOME_UNKNOWN: { class: "UNK", text: "Nobody here knows whether it happened; repeat it or settle it." },
} as const;

/** A code of a reply that is not OK. Codes are added, never reused. */
export type ReplyCode = keyof typeof CODES;

/** What is known about a code; undefined when it is none of this version's. */
export function codeFacts(code: string): CodeFacts | undefined {
  const known: Readonly<Record<string, CodeFacts>> = CODES;
  return Object.hasOwn(known, code) ? known[code] : undefined;
}
