/** Fills in defaults. An unknown name or a value that is not a positive finite integer throws: a limit is never off by accident. */
export function positiveNumbers<T extends Readonly<Record<string, number>>>(
  group: string,
  defaults: T,
  given: { readonly [Name in keyof T]?: number } = {},
): T {
  const result: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries<number | undefined>(given)) {
    if (!Object.hasOwn(defaults, name)) throw new TypeError(`unknown option ${group}.${name}`);
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`${group}.${name} is ${String(value)}, must be a positive integer`);
    }
    result[name] = value;
  }
  return result as T;
}

/** Throws a RangeError, with both numbers, if `value < bound`. */
export function atLeast(name: string, value: number, boundName: string, bound: number): void {
  if (value < bound) throw new RangeError(`${name} is ${value}, must be at least ${boundName} (${bound})`);
}
