import type { AccountDetails } from "./account.ts";
import type { Hold } from "./result.ts";

/** Some of the accounts, in the order in which they were opened. */
export interface AccountPage {
  readonly accounts: readonly AccountDetails[];
  /** Whether accounts follow: ask again after the last one. */
  readonly hasMore: boolean;
}

/** Which accounts a page shows. */
export interface AccountRange {
  /** Only those opened after this one. Default: from the first. */
  readonly after?: string;
  /** At most so many, 1 to 1,000. Default 100. */
  readonly limit?: number;
}

/** Some of the holds that set aside an account's money, or promise it some; in the order in which they were made. */
export interface HoldPage {
  readonly holds: readonly Hold[];
  /** Whether holds follow: ask again after the last one's `seq`. */
  readonly hasMore: boolean;
}

/** Which holds a page shows. */
export interface HoldRange {
  /** Only those made later. Default 0: from the first. */
  readonly afterSeq?: number;
  /** At most so many, 1 to 1,000. Default 100. */
  readonly limit?: number;
}

/** Checks where a page begins and how long it is, and puts the defaults in. @throws RangeError naming what is wrong. */
export function checkRange(name: string, after = 0, limit = 100): { readonly after: number; readonly limit: number } {
  if (!Number.isInteger(after) || after < 0) {
    throw new RangeError(`${name} is ${after}, expected a whole number, 0 or more`);
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new RangeError(`limit is ${limit}, expected a whole number from 1 to 1000`);
  }
  return { after, limit };
}
