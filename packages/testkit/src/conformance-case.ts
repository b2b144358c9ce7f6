import type { After } from "./virtual-clock.ts";

/**
 * One requirement. A suite is a list of them and knows no test framework:
 *
 *     for (const { name, run } of codecConformance(options)) test(name, run);
 *
 * A requirement that does not hold for your peer by design is left out by its name.
 */
export interface ConformanceCase {
  /** A claim in plain words; stable, so that it can be filtered on. */
  readonly name: string;
  /** Throws or rejects, with a {@link ConformanceError} where the claim itself failed. */
  readonly run: () => void | Promise<void>;
}

/** The code under test does not do what the case says. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

/** Fails unless the condition holds. */
export function require(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new ConformanceError(message());
}

/** Fails unless both are the same, by content. */
export function requireSame(actual: unknown, expected: unknown, where: string): void {
  require(isSame(actual, expected), () => `${where}: got ${show(actual)}, expected ${show(expected)}`);
}

/** The promise's outcome; fails when it has none in time, so that a hang has a name. */
export async function within<Value>(
  promise: Promise<Value>,
  limitMs: number,
  after: After,
  what: string,
): Promise<Value> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = after(limitMs, () => reject(new ConformanceError(`${what} has not happened after ${limitMs} ms`)));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** Whether the promise resolves to true within this time. */
export async function isDone(promise: Promise<boolean>, limitMs: number, after: After): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<boolean>((resolve) => (cancel = after(limitMs, () => resolve(false))));
  const outcome = await Promise.race([promise, late]);
  cancel();
  return outcome;
}

/** Equal by content: values, bytes, lists, and objects by their own enumerable properties. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((x, i) => x === b[i]);
  }
  if (a instanceof Error && b instanceof Error && a.message !== b.message) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame(a[key as keyof typeof a], b[key as keyof typeof b]));
}

/** A value as people can read it, cut to what fits a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key) {
    // What a Buffer's own toJSON makes of it is no use to people.
    const part = this[key];
    if (part instanceof Uint8Array)
      return `<${Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join("")}>`;
    if (part instanceof Error) return `${part.name}: ${part.message}`;
    return typeof part === "bigint" ? `${part}n` : part;
  }) as string | undefined;
  if (text === undefined) return String(value);
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}
