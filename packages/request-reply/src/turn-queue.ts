/**
 * What is to be done when the event loop has read all that had come, such as writing replies.
 *
 * Replies that leave one behind the other cost a fifth to a third less than replies that leave between reads: the code for each stays in the
 * processor's caches, and who receives them is woken once. To hear of the end of a turn costs about a microsecond, so that it pays only where a turn
 * brings several. Whether it does is looked at each 16th time, and while it does, at each turn's end.
 */
export class TurnQueue<Item> {
  readonly #onTurnEnd: (callback: () => void) => void;
  readonly #act: (item: Item) => void;
  #items: Item[] = [];
  #isCollecting = false;
  #isArmed = false;
  /** Not collecting: items since the last look. */
  #passed = 0;
  /** Collecting: turns in a row that brought one item. */
  #lonelyTurns = 0;

  constructor(options: {
    /** Calls back once after what has come in this turn was read: `setImmediate`. */
    readonly onTurnEnd: (callback: () => void) => void;
    /** Must not throw. */
    readonly act: (item: Item) => void;
  }) {
    this.#onTurnEnd = options.onTurnEnd;
    this.#act = options.act;
  }

  /** Does it now, or after the others of this turn; at most 31 come before it. */
  add(item: Item): void {
    if (!this.#isCollecting) {
      this.#passed += 1;
      if (this.#passed === LOOK_EVERY) this.#arm();
      return this.#act(item);
    }
    if (this.#items.push(item) === MOST_ITEMS) this.flush();
    this.#arm();
  }

  /** Does at once what waits. */
  flush(): void {
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    for (const item of items) this.#act(item);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#onTurnEnd(this.#turnEnded);
  }

  readonly #turnEnded = (): void => {
    this.#isArmed = false;
    if (!this.#isCollecting) {
      // Others came behind the one at which this look began.
      this.#isCollecting = this.#passed > LOOK_EVERY;
      this.#passed = 0;
      this.#lonelyTurns = 0;
      return;
    }
    this.#lonelyTurns = this.#items.length === 1 ? this.#lonelyTurns + 1 : 0;
    if (this.#lonelyTurns === MOST_LONELY_TURNS) this.#isCollecting = false;
    this.flush();
  };
}

const LOOK_EVERY = 16;
const MOST_LONELY_TURNS = 8;
/** None waits for longer than its 31 followers take, and their bytes are still in the caches. */
const MOST_ITEMS = 32;
