import { checkArity } from "./arity.ts";
import type { NumberSystem, SystemFunction } from "./number-system.ts";

/** A function that the caller adds to the language. */
export interface OwnFunction<Value> {
  /** How many arguments it takes: a number, or the fewest and the most. */
  readonly arity: number | readonly [least: number, most: number];
  /** What a call takes from `maxWork`. Default 100. */
  readonly cost?: number;
  /**
   * Gets and gives values of the number system. A `RangeError` that it throws becomes an error with the code `domain`
   * and the same message; anything else it throws is its own fault and reaches the caller as it is.
   */
  readonly call: (...values: Value[]) => Value;
}

/** Fits a caller's function to a number system. @throws {TypeError | RangeError} for a definition that cannot work. */
export function ownFunction<Internal, Value>(
  system: NumberSystem<Internal, Value>,
  name: string,
  { arity, cost = 100, call }: OwnFunction<Value>,
): SystemFunction<Internal> {
  const [least, most] = typeof arity === "number" ? [arity, arity] : arity;
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least < 0 || most < least) {
    throw new RangeError(`arity of ${name} is ${least} to ${most}, must be whole numbers in order`);
  }
  if (!(Number.isFinite(cost) && cost >= 0)) throw new RangeError(`cost of ${name} is ${cost}, must be 0 or more`);
  if (typeof call !== "function") throw new TypeError(`call of ${name} is ${typeof call}, must be a function`);

  return (run, at, values) => {
    checkArity(run, at, name, values.length, least, most);
    run.spend(cost, at);
    try {
      return system.fromPublic(call(...values.map((value) => system.toPublic(value))));
    } catch (error) {
      if (error instanceof RangeError) return run.fail("domain", error.message, at);
      throw error;
    }
  };
}
