/**
 * A float64 as Python's `repr` prints it: the shortest digits that read back as the same number, always with a point or
 * an exponent, exponents from 1e16 upwards and below 1e-4, of at least two digits.
 */
export function floatText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e16) {
    // ECMAScript's digits are the same shortest digits, and so is its layout in this range.
    return Number.isInteger(value) ? `${value}.0` : `${value}`;
  }
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  return `${digits}e${exponent.length > 2 ? exponent : `${exponent[0]}0${exponent[1]}`}`;
}
