import type { Tally } from "./tally.ts";
import { breaches } from "./verdict.ts";

/** What was done, in the order in which it is told; then what was found. */
const done = {
  kills: "kills",
  killsOpening: "of them while opening",
  killsIdle: "of them while idle",
  runs: "runs",
  failures: "failures met",
  images: "power cuts",
  checks: "checks",
  acknowledged: "answers",
  checksBetweenCommitAndAnswer: "crashes between commit and answer",
  checksBeforeCommit: "crashes before commit",
  readsWhileFull: "reads while full",
};
const found = {
  lost: "lost",
  duplicated: "duplicated",
  halfDone: "half-done",
  unopened: "unopened",
  differing: "differing",
};

/** A tally in one line: zeros are left out of what was done, and never of what was found. */
export function describe({ counts }: Tally): string {
  const did = Object.entries(done).flatMap(([what, words]) => (counts[what] ? [`${counts[what]} ${words}`] : []));
  const breached = breaches.map((breach) => `${counts[breach] ?? 0} ${found[breach]}`);
  return [...did, ...breached].join(", ");
}
