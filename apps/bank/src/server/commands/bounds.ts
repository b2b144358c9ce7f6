import type { Refusal } from "@tallyline/bank-protocol";
import { parseAmount, type Currency } from "@tallyline/ledger";
import { refuse } from "../refusals.ts";

/** What a balance is limited to. */
interface Bounds {
  readonly minBalanceMinor: bigint | null;
  readonly maxBalanceMinor: bigint | null;
}

/** Reads `min=` and `max=`. Nothing said is no overdraft, and no ceiling. */
export function boundsOf(
  { min = "0", max = "none" }: { readonly min?: string; readonly max?: string },
  currency: Currency,
): Bounds | Refusal {
  const minBalanceMinor = boundOf(min, currency);
  if (minBalanceMinor === undefined) return refuse("AMOUNT_PRECISION", { argument: "min" });
  const maxBalanceMinor = boundOf(max, currency);
  if (maxBalanceMinor === undefined) return refuse("AMOUNT_PRECISION", { argument: "max" });
  return { minBalanceMinor, maxBalanceMinor };
}

function boundOf(text: string, currency: Currency): bigint | null | undefined {
  if (text === "none") return null;
  const minor = parseAmount(text.replace("-", ""), currency);
  return minor === undefined || !text.startsWith("-") ? minor : -minor;
}
