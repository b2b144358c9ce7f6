import type { Answer, Result } from "@tallyline/ledger";

/**
 * What clients know of a ledger, kept outside of its process, a line for each thing learnt:
 *
 *     ! opening            the process runs, and is going to open its ledger
 *     > 17                 number 17 is being sent
 *     < 17 {…} 9f86…       it was acknowledged, with this answer and this head of the journal, if any
 *     ~ 17                 it was told that it did not happen, and may be sent again later
 *     = alice 3            a reader was shown alice's entry of version 3
 *     ! idle               all were answered, and nobody asks for anything
 *
 * A last line without its end was never told to anybody.
 */
export class History {
  /** The numbers that may have happened, in the order in which they were sent; one that was sent again has its first place. */
  readonly sent = new Set<number>();
  /** The numbers that did not happen, and were not sent again. */
  readonly postponed = new Set<number>();
  readonly acknowledged = new Map<number, Told>();
  /** The latest version that a reader was shown of each account. */
  readonly shown = new Map<string, number>();
  /** The latest line that is about the process. */
  remark = "";
  /** The first number that was not sent yet. */
  next: number;
  #rest = "";

  /** @param from The first number that is sent; the others follow without a gap. */
  constructor(from = 0) {
    this.next = from;
  }

  static of(text: string): History {
    const history = new History();
    history.read(text);
    return history;
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

  /** The numbers that have to be sent again. */
  unanswered(): number[] {
    return [...[...this.sent].filter((number) => !this.acknowledged.has(number)), ...this.postponed];
  }

  #take(line: string): void {
    const [sign, subject, ...rest] = line.split(" ");
    const [detail = "", head = ""] = rest;
    if (sign === ">") this.#send(Number(subject));
    else if (sign === "<") this.acknowledged.set(Number(subject), { text: detail, head });
    else if (sign === "~") this.#postpone(Number(subject));
    else if (sign === "=") this.shown.set(subject!, Number(detail));
    else if (sign === "!") this.remark = subject!;
    else throw new Error(`history has a line ${JSON.stringify(line)}`);
  }

  #send(number: number): void {
    this.sent.add(number);
    this.postponed.delete(number);
    this.next = Math.max(this.next, number + 1);
  }

  #postpone(number: number): void {
    this.sent.delete(number);
    this.postponed.add(number);
  }
}

/** What a client was answered. */
export interface Told {
  readonly text: string;
  readonly head: string;
}

export const sentLine = (number: number): string => `> ${number}\n`;
export const postponedLine = (number: number): string => `~ ${number}\n`;
export const shownLine = (account: string, version: number): string => `= ${account} ${version}\n`;
export const answeredLine = (number: number, answer: Answer): string =>
  `< ${number} ${textOf(answer)} ${answer.ok ? answer.head : ""}\n`;

/** An answer as text without blanks: the same for the first answer and for every one after it, from whatever store. */
export function textOf(answer: Result): string {
  return JSON.stringify({ ...answer, replayed: undefined, head: undefined }, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}` : value,
  );
}
