import type { ReplyCode } from "./codes.ts";

/** How a value of one sort is read and written. */
export interface Argument<T> {
  /** The value of a text; undefined when the text is none. Never throws. */
  readonly parse: (text: string) => T | undefined;
  /** The text of a value; parsing it gives the value again. */
  readonly format: (value: T) => string;
  /** What a text that is none is answered with. */
  readonly code: ReplyCode;
  /** For people: "expected …". */
  readonly expected: string;
}

/** Debits (D) increase assets and expenses; credits (C) increase liabilities, equity and income. */
export type WireSide = "debit" | "credit";

/** One leg of a journal entry: `ACCOUNT:D:AMOUNT`. */
export interface WireLeg {
  readonly account: string;
  readonly side: WireSide;
  readonly amount: string;
}

/** Most lines of data that a list may be asked for. */
export const MAX_LIST_LENGTH = 500;
/** Longest memo, in Unicode characters. */
export const MAX_MEMO_LENGTH = 140;
/** Longest reference, in Unicode characters. */
export const MAX_REF_LENGTH = 64;

/** A decimal, as it came: how many decimals its account's currency has is not known here. */
const AMOUNT = /^(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,9})?$/;

export const account: Argument<string> = {
  ...textOf(/^(?=.{1,64}$)@?[A-Za-z0-9._:-]+$/),
  code: "ACCOUNT_INVALID",
  expected: "1 to 64 of A-Z a-z 0-9 . _ : -, after an @ for the bank's own",
};
/** The least that is left to read: the code of a zero is another one's than that of what is no decimal. */
export const amount: Argument<string> = {
  ...textOf(AMOUNT),
  code: "AMOUNT_INVALID",
  expected: "digits with at most one point between digits, no sign, no leading zero",
};
/** A balance or a bound of one, which may be negative. */
export const balance: Argument<string> = {
  ...textOf(/^-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,9})?$/),
  code: "AMOUNT_INVALID",
  expected: "a decimal, or - and a decimal",
};
export const bound: Argument<string> = {
  parse: (text) => (text === "none" ? text : balance.parse(text)),
  format: (value) => value,
  code: "AMOUNT_INVALID",
  expected: "a decimal, - and a decimal, or none",
};
/** A `=` would make a positional a key=value, and a quotation mark would have to be escaped. */
export const id: Argument<string> = {
  ...textOf(/^[!#-<>-~]{1,64}$/),
  code: "ID_INVALID",
  expected: '1 to 64 visible ASCII characters without " and =',
};
export const currency: Argument<string> = {
  ...textOf(/^[A-Z0-9]{3,8}$/),
  code: "CURRENCY_UNKNOWN",
  expected: "3 to 8 of A-Z 0-9, such as USD",
};
/** No control characters: they could forge a line of a statement. */
export const memo: Argument<string> = {
  ...textOf(/^[^\p{Cc}\p{Cs}\u2028\u2029]{1,140}$/u),
  code: "MEMO_INVALID",
  expected: `1 to ${MAX_MEMO_LENGTH} characters, no control characters`,
};
export const ref: Argument<string> = {
  ...textOf(/^[^\p{Cc}\p{Cs}\u2028\u2029]{1,64}$/u),
  code: "REF_INVALID",
  expected: `1 to ${MAX_REF_LENGTH} characters, no control characters`,
};
/** Any text, for people or for another protocol. The line's limit is its own. */
export const text: Argument<string> = {
  parse: (value) => value,
  format: (value) => value,
  code: "ARGUMENT_INVALID",
  expected: "a text",
};
export const name: Argument<string> = {
  ...textOf(/^[A-Za-z0-9@._:/-]{1,64}$/),
  code: "ARGUMENT_INVALID",
  expected: "1 to 64 of A-Z a-z 0-9 @ . _ : / -",
};
/** A user's name, as a principal of the ledger. */
export const owner: Argument<string> = { ...name, code: "OWNER_INVALID" };
export const whole: Argument<number> = wholeNumber(0, Number.MAX_SAFE_INTEGER);
export const listLength: Argument<number> = wholeNumber(1, MAX_LIST_LENGTH);
/** At most thirty years or so: what is longer is a mistake, or a hold that should not expire. */
export const seconds: Argument<number> = wholeNumber(1, 1_000_000_000);
/** ISO 8601 in UTC with milliseconds. */
export const time: Argument<string> = {
  ...textOf(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/),
  code: "ARGUMENT_INVALID",
  expected: "a time such as 2026-11-22T07:00:00.123Z",
};
/** SHA-256 as lower-case hexadecimal. */
export const hash: Argument<string> = {
  ...textOf(/^[0-9a-f]{64}$/),
  code: "ARGUMENT_INVALID",
  expected: "64 hexadecimal digits",
};
/** There is only yes: what is not so is not said. */
export const flag: Argument<true> = {
  parse: (value) => (value === "1" ? true : undefined),
  format: () => "1",
  code: "ARGUMENT_INVALID",
  expected: "1, or leave it out",
};
export const side: Argument<WireSide> = {
  parse: (value) => (value === "D" ? "debit" : value === "C" ? "credit" : undefined),
  format: (value) => (value === "debit" ? "D" : "C"),
  code: "ARGUMENT_INVALID",
  expected: "D for debit or C for credit",
};
export const leg: Argument<WireLeg> = {
  // From the right: names of accounts may hold colons.
  parse: (value) => {
    const [, holder = "", letter = "", decimal = ""] = /^(.+):([DC]):([0-9.]+)$/.exec(value) ?? [];
    const parsedSide = side.parse(letter);
    if (parsedSide === undefined || account.parse(holder) === undefined) return undefined;
    if (amount.parse(decimal) === undefined || isZero(decimal)) return undefined;
    return { account: holder, side: parsedSide, amount: decimal };
  },
  format: (value) => `${value.account}:${side.format(value.side)}:${value.amount}`,
  code: "LEGS_INVALID",
  expected: "ACCOUNT:D:AMOUNT or ACCOUNT:C:AMOUNT, the amount above zero",
};

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Argument<W> {
  return {
    parse: (value) => words.find((word) => word === value),
    format: (value) => value,
    code: "ARGUMENT_INVALID",
    expected: words.join(" or "),
  };
}

/** Whether an amount that was read is nothing. */
export function isZero(decimal: string): boolean {
  return /^[0.]+$/.test(decimal);
}

function textOf(pattern: RegExp): Pick<Argument<string>, "parse" | "format"> {
  return { parse: (value) => (pattern.test(value) ? value : undefined), format: (value) => value };
}

function wholeNumber(least: number, most: number): Argument<number> {
  return {
    parse: (value) => {
      const number = /^(?:0|[1-9][0-9]{0,15})$/.test(value) ? Number(value) : NaN;
      return number >= least && number <= most ? number : undefined;
    },
    format: (value) => value.toString(),
    code: "ARGUMENT_INVALID",
    expected: `a whole number from ${least} to ${most}`,
  };
}
