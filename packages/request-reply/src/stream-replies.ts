/** A request that is being worked on. */
export interface StreamTurn<Reply> {
  readonly deadlineAtMs: number;
  /** Counts the requests of the stream, from 1. */
  readonly number: number;
  /** How it ended; undefined while it is being worked on. */
  readonly outcome: StreamTurnOutcome<Reply> | undefined;
}

/** `failed`: nobody knows what to say, so the stream ends where the reply would be. */
export type StreamTurnOutcome<Reply> =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "silence" }
  | { readonly kind: "failed" };

/**
 * The requests of one stream that a server is working on, and the order in which their replies leave: that of the requests,
 * or for protocols with ids that of completion. Invariant: every turn leaves once, and only after it was settled.
 */
export class StreamReplies<Reply> {
  readonly #order: "request" | "completion";
  /** In order of acceptance. Those before `#oldestAt` have left, or in order of completion are settled. */
  #turns: Turn<Reply>[] = [];
  #oldestAt = 0;
  /** In order of completion: settled, and not left. */
  #ready: Turn<Reply>[] = [];
  #count = 0;

  constructor(order: "request" | "completion") {
    this.#order = order;
  }

  /** Turns that have not left. */
  get count(): number {
    return this.#count;
  }

  /** The deadline of the request that has been worked on the longest; call `next` first. */
  get wakeAtMs(): number | undefined {
    return this.#oldest()?.deadlineAtMs;
  }

  /** A request came: it has its turn. Times are milliseconds of any steady clock. */
  accept(number: number, deadlineAtMs: number): StreamTurn<Reply> {
    const turn: Turn<Reply> = { number, deadlineAtMs, outcome: undefined };
    this.#turns.push(turn);
    this.#count += 1;
    return turn;
  }

  /** A request was worked on. @throws Error when it was settled before. */
  settle(settled: StreamTurn<Reply>, outcome: StreamTurnOutcome<Reply>): void {
    const turn = settled as Turn<Reply>;
    if (turn.outcome !== undefined) throw new Error(`turn ${turn.number} is settled already`);
    turn.outcome = outcome;
    if (this.#order === "completion" && this.#count > 0) this.#ready.push(turn);
  }

  /** The turn whose reply leaves next; undefined while that is being worked on. */
  next(): StreamTurn<Reply> | undefined {
    if (this.#order === "completion") return this.#leave(this.#ready.shift());
    const oldest = this.#oldest();
    if (oldest?.outcome === undefined) return undefined;
    this.#oldestAt += 1;
    return this.#leave(oldest);
  }

  /** Gives up all turns that have not left, and returns them. Settling one of them then has no effect; it is the end. */
  abandon(): StreamTurn<Reply>[] {
    const rest = this.#turns.slice(this.#oldestAt);
    const abandoned =
      this.#order === "request" ? rest : [...this.#ready, ...rest.filter((turn) => turn.outcome === undefined)];
    this.#ready = [];
    this.#turns = [];
    this.#oldestAt = 0;
    this.#count = 0;
    return abandoned;
  }

  #leave(turn: Turn<Reply> | undefined): Turn<Reply> | undefined {
    if (turn === undefined) return undefined;
    this.#count -= 1;
    if (this.#count === 0) {
      this.#turns = [];
      this.#oldestAt = 0;
    } else if (this.#oldestAt >= MOST_LEFT_BEHIND) {
      this.#turns.splice(0, this.#oldestAt);
      this.#oldestAt = 0;
    }
    return turn;
  }

  #oldest(): Turn<Reply> | undefined {
    if (this.#order === "completion") {
      while (this.#turns[this.#oldestAt]?.outcome !== undefined) this.#oldestAt += 1;
    }
    return this.#turns[this.#oldestAt];
  }
}

/** Turns that have left are taken off the list by so many at a time: one by one would move all others each time. */
const MOST_LEFT_BEHIND = 64;

interface Turn<Reply> extends StreamTurn<Reply> {
  outcome: StreamTurnOutcome<Reply> | undefined;
}
