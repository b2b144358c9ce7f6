/** A literal as it was typed, exactly: `digits * 10^exponent`. */
export function decimalLiteral(text: string): { digits: bigint; exponent: number } {
  const plain = text.replaceAll("_", "");
  if (/^0[xob]/i.test(plain)) return { digits: BigInt(plain), exponent: 0 };
  const [mantissa, exponent = "0"] = plain.toLowerCase().split("e") as [string, string?];
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
