// What `bench profile` leaves behind as results/profiles/AREA.json; pictures and pages are made from these files alone.
import type { Run } from "../result.ts";
import type { Kind } from "./layer.ts";

export interface AreaProfile extends Run {
  readonly loads: readonly ProfiledLoad[];
}

/** Under the load of the comparison that has the same title. */
export interface ProfiledLoad {
  readonly title: string;
  readonly sides: readonly Side[];
  /** Who was not there, or could not be looked into, and why. */
  readonly notRun: readonly string[];
}

export interface Side {
  readonly name: string;
  readonly configuration: string;
  /** CPU time by layer, in microseconds an operation; none of a server that is not Node.js. */
  readonly layers?: readonly Amount[];
  /** Those with the most time of their own. */
  readonly functions?: readonly FunctionTime[];
  /** Bytes allocated in V8's heap by layer, an operation. */
  readonly allocations?: readonly Amount[];
  /** System calls an operation, by name. */
  readonly systemCalls?: Readonly<Record<string, number>>;
}

export interface Amount {
  readonly kind: Kind;
  readonly name: string;
  readonly value: number;
}

export interface FunctionTime {
  readonly name: string;
  /** File and line; empty when it is not JavaScript. */
  readonly where: string;
  readonly layer: string;
  /** Microseconds an operation. */
  readonly value: number;
}
