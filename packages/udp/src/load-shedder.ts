/**
 * Decides when a server that falls behind throws datagrams away unread, so that those which it answers are answered in time.
 *
 * Under overload the kernel's buffer stays full, and every datagram is answered after it has waited for the whole buffer.
 * With a quick handler that is some ten milliseconds, and the kernel drops the rest at no cost to us. With a slow one it is
 * seconds: every reply comes after its client has given up, and nothing useful is done at all.
 *
 * What is known: when the socket was last empty. What waits in it now arrived later, so it is not older than that. And the
 * buffer holds `capacity` datagrams, so nothing waits longer than it takes to serve so many. Once the smaller of the two
 * exceeds `maxWaitMs`, datagrams are thrown away until the socket is empty; then everything that arrives is fresh.
 *
 * Node reads up to 32 datagrams in a turn of the event loop: a turn with fewer has emptied the socket. Turns are
 * watched only every `watchEveryMs` while all is well, and one after another while the socket does not become empty.
 */
export class LoadShedder {
  readonly #capacity: number;
  readonly #maxWaitMs: number;
  readonly #onTurnEnd: (callback: () => void) => void;
  readonly #clock: () => number;
  #emptyAt: number;
  #isWatching = false;
  #isShedding = false;
  /** Datagrams in this turn, and datagrams served since the watch began. */
  #inTurn = 0;
  #served = 0;

  constructor(options: {
    /** About how many datagrams the receive buffer holds. */
    readonly capacity: number;
    readonly maxWaitMs: number;
    /** Calls back once after the sockets of this turn have been read: `setImmediate`. */
    readonly onTurnEnd: (callback: () => void) => void;
    /** Milliseconds of a steady clock. */
    readonly clock: () => number;
  }) {
    this.#capacity = options.capacity;
    this.#maxWaitMs = options.maxWaitMs;
    this.#onTurnEnd = options.onTurnEnd;
    this.#clock = options.clock;
    this.#emptyAt = options.clock();
  }

  /** Called for each datagram; false if it is to be thrown away. */
  admits(now: number): boolean {
    this.#inTurn++;
    if (!this.#isWatching) {
      if (now - this.#emptyAt < watchEveryMs) return true;
      this.#watch(now);
    }
    if (!this.#isShedding) this.#isShedding = this.#longestWaitMs(now) > this.#maxWaitMs;
    if (this.#isShedding) return false;
    this.#served++;
    return true;
  }

  #longestWaitMs(now: number): number {
    const busyMs = now - this.#emptyAt;
    return this.#served === 0 ? 0 : Math.min(busyMs, (busyMs / this.#served) * this.#capacity);
  }

  #watch(now: number): void {
    this.#isWatching = true;
    // The socket was empty when it was last watched, or there were few datagrams since: what is found now is taken as fresh.
    this.#emptyAt = now;
    this.#served = 0;
    // The turn in which the watch begins may be half over: only the next one is seen whole.
    this.#onTurnEnd(() => {
      this.#inTurn = 0;
      this.#onTurnEnd(this.#turnEnded);
    });
  }

  readonly #turnEnded = (): void => {
    const isEmpty = this.#inTurn < datagramsPerTurn;
    this.#inTurn = 0;
    if (isEmpty) {
      this.#emptyAt = this.#clock();
      this.#isShedding = false;
      this.#isWatching = false;
    } else {
      this.#onTurnEnd(this.#turnEnded);
    }
  };
}

/** libuv's limit for one socket in one turn of the loop. */
const datagramsPerTurn = 32;
/** A watched turn costs some microseconds: at 100 a second they do not show. */
const watchEveryMs = 10;
