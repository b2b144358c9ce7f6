import fc from "fast-check";
import { TurnQueue } from "@tallyline/request-reply";
import { describe, expect, test } from "vitest";

/** An event loop whose turns end when they are told to. */
class Loop {
  readonly done: number[] = [];
  /** How often somebody asked to hear of the end of a turn. */
  asked = 0;
  #callbacks: (() => void)[] = [];
  readonly queue = new TurnQueue<number>({
    onTurnEnd: (callback) => {
      this.asked += 1;
      this.#callbacks.push(callback);
    },
    act: (item) => void this.done.push(item),
  });

  /** A turn that brings these. @returns what of them was done before its end. */
  turn(items: readonly number[]): number[] {
    const before = this.done.length;
    for (const item of items) this.queue.add(item);
    const early = this.done.slice(before);
    this.endTurn();
    return early;
  }

  endTurn(): void {
    for (const callback of this.#callbacks.splice(0)) callback();
  }

  /** Turns that bring several, until those that follow wait for the end. */
  makeBusy(): void {
    this.turn(Array.from({ length: 20 }, () => 0));
    this.done.length = 0;
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("a queue for the end of the turn", () => {
  test("does at once what comes alone, and looks only now and then how many a turn brings", () => {
    const loop = new Loop();
    for (let item = 0; item < 160; item += 1) expect(loop.turn([item])).toEqual([item]);
    expect(loop.asked).toBe(10);
  });

  test("waits for the end once turns bring several, and keeps the order", () => {
    const loop = new Loop();
    loop.makeBusy();
    expect(loop.turn([1, 2, 3])).toEqual([]);
    expect(loop.done).toEqual([1, 2, 3]);
  });

  test("does at once again what comes alone for some turns", () => {
    const loop = new Loop();
    loop.makeBusy();
    for (let turn = 0; turn < 8; turn += 1) expect(loop.turn([turn])).toEqual([]);
    expect(loop.turn([8])).toEqual([8]);
    expect(loop.done).toEqual(numbers(9));
  });

  test("lets nothing wait for more than 31 others", () => {
    const loop = new Loop();
    loop.makeBusy();
    expect(loop.turn(numbers(40))).toEqual(numbers(32));
    expect(loop.done).toEqual(numbers(40));
  });

  test("does what waits when it is told to, once", () => {
    const loop = new Loop();
    loop.makeBusy();
    for (const item of [1, 2]) loop.queue.add(item);
    loop.queue.flush();
    expect(loop.done).toEqual([1, 2]);
    loop.endTurn();
    expect(loop.done).toEqual([1, 2]);
  });

  test("does each by the end of its turn, once, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 60 }), (turns) => {
        const loop = new Loop();
        let count = 0;
        for (const size of turns) {
          loop.turn(numbers(size).map((i) => count + i));
          count += size;
          expect(loop.done.length).toBe(count);
        }
        expect(loop.done).toEqual(numbers(count));
      }),
    );
  });
});
