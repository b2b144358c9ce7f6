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
  /** Turns that have not left, oldest first; in order of completion only those not settled. */
  readonly #turns = new Set<Turn<Reply>>();
  #ready: Turn<Reply>[] = [];

  constructor(order: "request" | "completion") {
    this.#order = order;
  }

  /** Turns that have not left. */
  get count(): number {
    return this.#turns.size + this.#ready.length;
  }

  /** The deadline of the request that has been worked on the longest; call `next` first. */
  get wakeAtMs(): number | undefined {
    return this.#oldest()?.deadlineAtMs;
  }

  accept(number: number, deadlineAtMs: number): StreamTurn<Reply> {
    const turn: Turn<Reply> = { number, deadlineAtMs, outcome: undefined };
    this.#turns.add(turn);
    return turn;
  }

  settle(settled: StreamTurn<Reply>, outcome: StreamTurnOutcome<Reply>): void {
    const turn = settled as Turn<Reply>;
    if (turn.outcome !== undefined) throw new Error(`turn ${turn.number} is settled already`);
    turn.outcome = outcome;
    if (this.#order === "completion" && this.#turns.delete(turn)) this.#ready.push(turn);
  }

  /** The turn whose reply leaves next; undefined while that is being worked on. */
  next(): StreamTurn<Reply> | undefined {
    if (this.#order === "completion") return this.#ready.shift();
    const oldest = this.#oldest();
    if (oldest?.outcome === undefined) return undefined;
    this.#turns.delete(oldest);
    return oldest;
  }

  /** Gives up all turns that have not left, and returns them. Settling one of them has no effect any more. */
  abandon(): StreamTurn<Reply>[] {
    const abandoned = [...this.#ready, ...this.#turns];
    this.#ready = [];
    this.#turns.clear();
    return abandoned;
  }

  #oldest(): Turn<Reply> | undefined {
    for (const turn of this.#turns) return turn;
    return undefined;
  }
}

interface Turn<Reply> extends StreamTurn<Reply> {
  outcome: StreamTurnOutcome<Reply> | undefined;
}
