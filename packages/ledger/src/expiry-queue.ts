import type { Hold } from "./result.ts";

type Expiring = Pick<Hold, "seq" | "expiresAtMs">;

/**
 * Which hold expires next. A binary heap by (expiry, place in the order); a hold that ended before its time stays in it
 * until its turn comes, and is then passed over.
 */
export class ExpiryQueue {
  readonly #heap: { readonly seq: number; readonly atMs: number }[] = [];
  readonly #waiting = new Set<number>();

  /** Takes a hold in, if it expires at all. */
  add({ seq, expiresAtMs }: Expiring): void {
    if (expiresAtMs === null) return;
    this.#waiting.add(seq);
    const heap = this.#heap;
    let index = heap.push({ seq, atMs: expiresAtMs }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Forgets a hold that has ended. */
  remove({ seq }: Expiring): void {
    this.#waiting.delete(seq);
  }

  /** Takes out the next hold that is due by a time; undefined when none is. */
  due(atMs: number): number | undefined {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= atMs; next = this.#heap[0]) {
      this.#removeFirst();
      if (this.#waiting.delete(next.seq)) return next.seq;
    }
    return undefined;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let first = index;
      if (left < heap.length && this.#isBefore(left, first)) first = left;
      if (right < heap.length && this.#isBefore(right, first)) first = right;
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #isBefore(index: number, other: number): boolean {
    const a = this.#heap[index]!;
    const b = this.#heap[other]!;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq);
  }

  #swap(index: number, other: number): void {
    const heap = this.#heap;
    [heap[index], heap[other]] = [heap[other]!, heap[index]!];
  }
}
