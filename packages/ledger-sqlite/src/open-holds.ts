import { ExpiryQueue, type Hold } from "@tallyline/ledger";

/** The holds that still set something aside, in memory; and what they were at the last commit, to go back to. */
export class OpenHolds {
  readonly #holds = new Map<number, Hold>();
  readonly #byAccount = new Map<string, Set<number>>(); // places in the order
  #before = new Map<number, Hold | undefined>(); // of those that changed since the last commit
  #expiries = new ExpiryQueue();

  get(seq: number): Hold | undefined {
    return this.#holds.get(seq);
  }

  /** The open holds of an account, in the order in which they were made. */
  of(account: string): Hold[] {
    const seqs = [...(this.#byAccount.get(account) ?? [])].toSorted((a, b) => a - b);
    return seqs.map((seq) => this.#holds.get(seq)!);
  }

  /** All open holds. */
  all(): IterableIterator<Hold> {
    return this.#holds.values();
  }

  /** Takes a hold as a command left it. */
  take(hold: Hold): void {
    const { seq } = hold;
    const before = this.#holds.get(seq);
    if (!this.#before.has(seq)) this.#before.set(seq, before);
    this.#put(seq, hold.state === "held" ? hold : undefined);
    if (before === undefined) this.#expiries.add(hold);
    if (hold.state !== "held") this.#expiries.remove(hold);
  }

  /** Takes out the next hold that is due by a time. */
  due(atMs: number): number | undefined {
    return this.#expiries.due(atMs);
  }

  /** What changed is durable. */
  commit(): void {
    this.#forgetBefore();
  }

  /** Goes back to what was at the last commit. */
  rollback(): void {
    for (const [seq, hold] of this.#before) {
      // Made and ended since the last commit, it is gone already.
      if (hold !== undefined || this.#holds.has(seq)) this.#put(seq, hold);
    }
    this.#forgetBefore();
    this.#expiries = new ExpiryQueue();
    for (const hold of this.#holds.values()) this.#expiries.add(hold);
  }

  /** A new map rather than a cleared one, as in {@link FileBooks}. */
  #forgetBefore(): void {
    if (this.#before.size > 0) this.#before = new Map();
  }

  #put(seq: number, hold: Hold | undefined): void {
    const { from, to } = (hold ?? this.#holds.get(seq))!;
    if (hold === undefined) this.#holds.delete(seq);
    else this.#holds.set(seq, hold);
    for (const account of [from, to]) {
      const seqs = this.#byAccount.get(account) ?? new Set();
      if (hold === undefined) seqs.delete(seq);
      else seqs.add(seq);
      if (seqs.size === 0) this.#byAccount.delete(account);
      else this.#byAccount.set(account, seqs);
    }
  }
}
