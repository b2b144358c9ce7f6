/** Fills in defaults. An unknown name or a value that is not a positive finite integer throws: a limit is never off by accident. */
export function positiveNumbers<T extends Readonly<Record<string, number>>>(
  group: string,
  defaults: T,
  given: { readonly [Name in keyof T]?: number } = {},
): T {
  onlyKnown(group, Object.keys(defaults), given);
  const result: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries<number | undefined>(given)) {
    if (value !== undefined) result[name] = positiveInteger(`${group}.${name}`, value);
  }
  return result as T;
}

/** Throws a RangeError unless the value is a positive finite integer. */
export function positiveInteger(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new RangeError(`${name} is ${String(value)}, must be a positive integer`);
  return value;
}

/** Throws a RangeError unless the value is a port. */
export function portNumber(name: string, value: number, lowest: 0 | 1): number {
  if (!Number.isInteger(value) || value < lowest || value > 65_535) {
    throw new RangeError(`${name} is ${String(value)}, must be an integer from ${lowest} to 65535`);
  }
  return value;
}

/** Throws a TypeError that names the first option that does not exist. */
export function onlyKnown(group: string, names: readonly string[], given: object): void {
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new TypeError(`unknown option ${group}.${name}`);
  }
}

/** What UDP over IPv4 carries at most: 65,535 bytes less the headers of both. */
export const datagramBytesMax = 65_507;
