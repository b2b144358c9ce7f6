// How much one expression may cost. Every limit is checked before the work that it bounds is begun.

/** What one expression may cost. Each has a finite default; there is no way to ask for "unlimited". */
export interface Limits {
  /** Longest text in UTF-16 units. Default 16,384: one scan of it takes well under a millisecond. */
  readonly maxLength: number;
  /** Most nodes in the tree. Default 10,000, the bound that Go's expr and exprtk chose. */
  readonly maxNodes: number;
  /**
   * Deepest nesting of operands and calls, and, counted apart, of parentheses. Default 200, as many parentheses as CPython
   * takes. A flat sum of any length is one level. At most 1,000.
   */
  readonly maxDepth: number;
  /** Longest name in UTF-16 units. Default 64. */
  readonly maxNameLength: number;
  /** Most decimal digits in a whole number literal. Default 4,300, as CPython (CVE-2020-10735). */
  readonly maxLiteralDigits: number;
  /** Most decimal digits in a whole number that is printed. Default 4,300, as CPython. */
  readonly maxResultDigits: number;
  /** Widest integer at any step, in bits. Default 262,144: 18 times what may be printed, and no step over a few milliseconds. At most 2^20. */
  readonly maxIntegerBits: number;
  /**
   * Work of one evaluation, in products of two 64-bit limbs. Default 2,500,000, a few milliseconds. Single limits bound one step; this bounds their sum.
   */
  readonly maxWork: number;
  /** Most arguments of one call. Default 32, as CEL. */
  readonly maxArguments: number;
}

/** The limits used where none are given. */
export const defaultLimits: Limits = Object.freeze({
  maxLength: 16_384,
  maxNodes: 10_000,
  maxDepth: 200,
  maxNameLength: 64,
  maxLiteralDigits: 4300,
  maxResultDigits: 4300,
  maxIntegerBits: 262_144,
  maxWork: 2_500_000,
  maxArguments: 32,
});

/** Beyond these a limit could not keep its promise: 1,000 levels fit V8's default stack, 2^20 bits keep a step under 50 ms. */
const ceilings: Partial<Limits> = { maxDepth: 1000, maxIntegerBits: 2 ** 20 };

/** The defaults with the given ones in their place. @throws {TypeError | RangeError} for an unknown name or a bad number. */
export function limitsFrom(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name)) throw new TypeError(`unknown limit ${JSON.stringify(name)}`);
    const most = ceilings[name as keyof Limits] ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < 1 || value > most) {
      throw new RangeError(`${name} is ${String(value)}, must be a whole number from 1 to ${most}`);
    }
  }
  return Object.freeze({ ...defaultLimits, ...given });
}
