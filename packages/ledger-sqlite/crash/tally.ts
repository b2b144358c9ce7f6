import { breaches, type Breach, type Verdict } from "./verdict.ts";

const EXAMPLES_MAX = 5;

/** Verdicts, counted. */
export class Tally {
  readonly counts: Record<string, number> = {};
  /** The first few violations: where, and what. */
  readonly examples: string[] = [];

  /** Counts something that was done, or found. */
  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  /** @param where What it takes to make the same check again. */
  add(verdict: Verdict, where: string): void {
    this.count("checks");
    this.count("acknowledged", verdict.acknowledged);
    this.count("happenedUnanswered", verdict.happenedUnanswered);
    this.count("neverHappened", verdict.neverHappened);
    if (verdict.happenedUnanswered > 0) this.count("checksBetweenCommitAndAnswer");
    if (verdict.neverHappened > 0) this.count("checksBeforeCommit");
    for (const breach of breaches) {
      for (const what of verdict[breach]) this.violate(breach, `${where}: ${what}`);
    }
  }

  violate(breach: Breach, what: string): void {
    this.count(breach);
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(`${breach}: ${what}`);
  }

  merge({ counts, examples }: Pick<Tally, "counts" | "examples">): void {
    for (const [what, by] of Object.entries(counts)) this.count(what, by);
    this.examples.push(...examples.slice(0, EXAMPLES_MAX - this.examples.length));
  }

  violations(): number {
    return breaches.reduce((sum, breach) => sum + (this.counts[breach] ?? 0), 0);
  }
}
