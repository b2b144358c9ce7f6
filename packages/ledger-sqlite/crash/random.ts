/** Numbers that a seed decides, so that a run can be made again. */
export class Random {
  #state: number;

  /** @param seeds Any whole numbers; each one counts, and so does their order. */
  constructor(...seeds: readonly number[]) {
    this.#state = 0;
    for (const seed of seeds) this.#state = scramble(this.#state + seed + 0x9e3779b9);
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return Math.floor((scramble(this.#state) / 2 ** 32) * count);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** Lets every bit of a 32-bit number change about half of the bits of the result, which is unsigned. */
function scramble(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
