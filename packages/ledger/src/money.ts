/** A currency: its ISO 4217 code (or one of your own) and how many decimals its minor unit has. */
export interface Currency {
  /** Three to eight capital letters or digits, such as "USD". */
  readonly code: string;
  /** Decimals of the minor unit: 2 for USD, 0 for JPY, 3 for KWD; 0 to 9. Can never change once money was booked. */
  readonly exponent: number;
}

/** The largest amount, and the largest balance on either side of zero: a signed 64-bit integer of minor units, as in SQLite. */
export const MAX_MINOR: bigint = 2n ** 63n - 1n;

/**
 * Reads a decimal amount exactly, as minor units.
 *
 * Takes digits with at most `exponent` decimals and nothing else: no sign, exponent, grouping, leading zero or bare
 * point, because a character that two programs read differently is money lost.
 *
 * @returns the amount, 0 or more; undefined when the text is not one, or exceeds {@link MAX_MINOR}.
 */
export function parseAmount(text: string, currency: Currency): bigint | undefined {
  if (!/^(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,9})?$/.test(text)) return undefined;
  const point = text.indexOf(".");
  const decimals = point < 0 ? 0 : text.length - point - 1;
  if (decimals > currency.exponent) return undefined;
  const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1);
  const minor = BigInt(digits + "0".repeat(currency.exponent - decimals));
  return minor <= MAX_MINOR ? minor : undefined;
}

/** Writes minor units as the shortest exact decimal: 100000 of USD is "1000", 30 is "0.3", -5 is "-0.05". */
export function formatAmount(amountMinor: bigint, currency: Currency): string {
  const sign = amountMinor < 0n ? "-" : "";
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(currency.exponent + 1, "0");
  const point = digits.length - currency.exponent;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  const whole = sign + digits.slice(0, point);
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
}

const ZERO = 0x30;
