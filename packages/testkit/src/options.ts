/** Refuses options that nobody reads: a misspelt fault would silently be none, and the test would prove nothing. */
export function refuseUnknownKeys(owner: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${owner} has no option "${key}"; it has ${known.join(", ")}`);
  }
}

/** The value, when it is a whole number within the range. */
export function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} is ${value}, must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** The value, when it is a number within the range. */
export function numberWithin(name: string, value: number, least: number, most: number): number {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new RangeError(`${name} is ${value}, must be from ${least} to ${most}`);
  }
  return value;
}
