/** Refuses options that nobody reads: a misspelt limit must not silently be the default. */
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

/** The value, when it is one of the words. */
export function oneOf<Word extends string | number>(name: string, value: Word, words: readonly Word[]): Word {
  if (!words.includes(value)) throw new TypeError(`${name} is ${value}, must be ${words.join(" or ")}`);
  return value;
}
