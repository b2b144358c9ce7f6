import type { Currency } from "@tallyline/ledger";
import { InvalidArgumentError } from "commander";
import { USD } from "./opening.ts";

/** ISO 4217 currencies whose minor unit has not two decimals, of those that banks of the world hold most. */
const EXPONENTS: Readonly<Record<string, number>> = {
  JPY: 0,
  KRW: 0,
  CLP: 0,
  VND: 0,
  ISK: 0,
  KWD: 3,
  BHD: 3,
  OMR: 3,
  JOD: 3,
  TND: 3,
};

/** Reads `USD,EUR,JPY` or, for a currency of one's own, `GOLD:4`. USD is always one, and the first. */
export function currencyList(text: string): readonly [Currency, ...Currency[]] {
  const currencies = text.split(",").map(currencyOf);
  const others = currencies.filter(({ code }) => code !== USD.code);
  if (new Set(others.map(({ code }) => code)).size !== others.length) {
    throw new InvalidArgumentError("A currency is there twice.");
  }
  return [USD, ...others];
}

function currencyOf(text: string): Currency {
  const [, code = "", exponent] = /^([A-Z0-9]{3,8})(?::([0-9]))?$/.exec(text) ?? [];
  if (code === "") throw new InvalidArgumentError("Expected codes such as USD,EUR,JPY, or CODE:DECIMALS.");
  return { code, exponent: exponent === undefined ? (EXPONENTS[code] ?? 2) : Number(exponent) };
}
