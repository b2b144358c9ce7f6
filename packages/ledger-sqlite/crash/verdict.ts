/** The ways in which a ledger can break its promises. */
export const breaches = ["lost", "duplicated", "halfDone", "unopened", "differing"] as const;
export type Breach = (typeof breaches)[number];

/** What came out of one check. Each list is empty, or the ledger broke its promise. */
export interface Verdict extends Readonly<Record<Breach, readonly string[]>> {
  readonly acknowledged: number;
  /** Not acknowledged, and there: the crash fell between the commit and the answer. */
  readonly happenedUnanswered: number;
  /** Not acknowledged, and not there. */
  readonly neverHappened: number;
  /** An answer was given or shown, and what it said is gone. */
  readonly lost: readonly string[];
  /** Money moved that no id accounts for: something took effect twice. */
  readonly duplicated: readonly string[];
  /** Some legs of a command are there and others are not, or sums do not come out. */
  readonly halfDone: readonly string[];
  /** It could not be opened any more. */
  readonly unopened: readonly string[];
  /** Anything else in which the ledger is not what replaying the history in memory gives. */
  readonly differing: readonly string[];
}

/** Of a ledger that keeps all promises, and was asked nothing. */
export const blank: Verdict = {
  acknowledged: 0,
  happenedUnanswered: 0,
  neverHappened: 0,
  lost: [],
  duplicated: [],
  halfDone: [],
  unopened: [],
  differing: [],
};
