import type { Result } from "@tallyline/ledger";

/**
 * What clients know of a ledger, kept outside of its process, a line for each thing learnt:
 *
 *     ! opening            the process runs, and is going to open its ledger
 *     > 17                 number 17 is being sent
 *     < 17 {…}             it was acknowledged, with this answer
 *     = alice 3            a reader was shown alice's entry of version 3
 *     ! idle               all were answered, and nobody asks for anything
 *
 * A last line without its end was never told to anybody.
 */
export class History {
  /** The numbers that were sent, in order, without those that were sent again because their answer never came. */
  readonly sent = new Set<number>();
  readonly acknowledged = new Map<number, string>();
  /** The latest version that a reader was shown of each account. */
  readonly shown = new Map<string, number>();
  /** The latest line that is about the process. */
  remark = "";
  readonly #from: number;
  #rest = "";

  /** @param from The first number that is sent; the others follow without a gap. */
  constructor(from = 0) {
    this.#from = from;
  }

  static of(text: string): History {
    const history = new History();
    history.read(text);
    return history;
  }

  /** The first number that was not sent yet. */
  get next(): number {
    return this.#from + this.sent.size;
  }

  /** Takes more of the text, cut anywhere. */
  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(line);
  }

  /** The process is gone: what it has not finished saying, nobody heard. */
  end(): void {
    this.#rest = "";
  }

  unanswered(): number[] {
    return [...this.sent].filter((number) => !this.acknowledged.has(number));
  }

  #take(line: string): void {
    const [sign, subject, ...rest] = line.split(" ");
    const detail = rest.join(" ");
    if (sign === ">") this.sent.add(Number(subject));
    else if (sign === "<") this.acknowledged.set(Number(subject), detail);
    else if (sign === "=") this.shown.set(subject!, Number(detail));
    else if (sign === "!") this.remark = subject!;
    else throw new Error(`history has a line ${JSON.stringify(line)}`);
  }
}

export const sentLine = (number: number): string => `> ${number}\n`;
export const shownLine = (account: string, version: number): string => `= ${account} ${version}\n`;
export const answeredLine = (number: number, result: Result): string => `< ${number} ${textOf(result)}\n`;

/** An answer as text, all but whether it is a replay: the same for the first answer and for every one after it. */
export function textOf(result: Result): string {
  return JSON.stringify({ ...result, replayed: undefined }, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}` : value,
  );
}
