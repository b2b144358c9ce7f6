/** Something with a deadline, which may be settled before it. */
export interface Deadlined {
  readonly deadlineAtMs: number;
  readonly isSettled: boolean;
}

/**
 * Deadlines of many calls, so that one timer is enough for all of them: a binary heap by time. A call that is settled stays
 * in the heap until it comes up, or until the settled ones are the majority; so settling costs nothing, and ten thousand
 * calls a second with deadlines of ten seconds do not pile up a hundred thousand entries.
 */
export class StreamDeadlines<Entry extends Deadlined> {
  #heap: Entry[] = [];
  /** The size at which settled entries are thrown out: twice the unsettled ones when they were last counted. */
  #compactAt = LEAST;

  add(entry: Entry): void {
    if (this.#heap.length >= this.#compactAt) this.#compact();
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** The earliest deadline of an unsettled entry. */
  get wakeAtMs(): number | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (!first.isSettled) return first.deadlineAtMs;
      this.#removeFirst();
    }
  }

  /** Takes out an unsettled entry whose deadline has passed, the earliest first. */
  takeDue(nowMs: number): Entry | undefined {
    const wakeAtMs = this.wakeAtMs;
    if (wakeAtMs === undefined || wakeAtMs > nowMs) return undefined;
    const due = this.#heap[0];
    this.#removeFirst();
    return due;
  }

  /** A sorted array is a heap. */
  #compact(): void {
    this.#heap = this.#heap.filter((entry) => !entry.isSettled).toSorted((a, b) => a.deadlineAtMs - b.deadlineAtMs);
    this.#compactAt = Math.max(LEAST, 2 * this.#heap.length);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.deadlineAtMs <= entry.deadlineAtMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.deadlineAtMs < heap[child]!.deadlineAtMs) child += 1;
      if (heap[child]!.deadlineAtMs >= last.deadlineAtMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const LEAST = 64;
