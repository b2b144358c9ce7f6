/** Fills in defaults. An unknown name, or a value that is no positive whole number, throws: no limit is ever off by accident. */
export function positiveNumbers<Values extends Readonly<Record<string, number>>>(
  group: string,
  defaults: Values,
  given: { readonly [Name in keyof Values]?: number } = {},
): Values {
  refuseUnknownKeys(group, given, Object.keys(defaults));
  const values: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries<number | undefined>(given)) {
    if (value === undefined) continue;
    values[name] = positiveNumber(`${group}.${name}`, value);
  }
  return values as Values;
}

/** The largest delay of a timer; one more and Node fires at once. */
const MOST = 2 ** 31 - 1;

export function positiveNumber(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > MOST) {
    throw new RangeError(`${name} is ${value}, must be a whole number from 1 to ${MOST}`);
  }
  return value;
}

export function refuseUnknownKeys(owner: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${owner} has no option "${key}"; it has ${known.join(", ")}`);
  }
}

/** A port, 0 to 65535. */
export function portNumber(name: string, value: number, least: 0 | 1): number {
  if (!Number.isInteger(value) || value < least || value > 65_535) {
    throw new RangeError(`${name} is ${value}, must be a whole number from ${least} to 65535`);
  }
  return value;
}
