import type { Ledger } from "@tallyline/ledger";
import { accountName, commandAt, type Book } from "./commands.ts";
import { answeredLine, postponedLine, sentLine, shownLine } from "./history.ts";

/** Clients of one ledger, each of which sends a command, waits for its answer, and sends the next. */
export interface Clients {
  readonly book: Book;
  /** How many wait at the same time, and so how many commands can share a commit. */
  readonly count: number;
  /** What they send between them, each number by one of them. */
  readonly numbers: Iterable<number>;
  /** Takes a line of their history. What it has taken must outlive the process. */
  readonly tell: (line: string) => void;
}

/** Answers that are not kept: the command did not happen, and the same id may be sent again. */
const TRY_LATER: ReadonlySet<string> = new Set(["STORE_FULL", "STORE_BUSY"]);

/** Has everything sent. Rejects when the ledger has failed one of the clients, or told it to try later, once all have stopped. */
export async function serve(ledger: Ledger, { book, count, numbers, tell }: Clients): Promise<void> {
  // Shared by the clients, and ended by the first whose command fails: then the others send nothing more either.
  const queue = each(numbers);
  const client = async () => {
    for (const number of queue) {
      tell(sentLine(number));
      const answer = await ledger.submit(commandAt(book, number));
      if (!answer.ok && TRY_LATER.has(answer.code)) {
        tell(postponedLine(number));
        throw new Error(`answered ${answer.code}`);
      }
      tell(answeredLine(number, answer));
      if (number % 16 > 0) continue;
      const name = accountName((number / 16) % book.accountCount);
      const account = await ledger.account(name);
      if (account !== undefined) tell(shownLine(name, account.version));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: count }, client));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function* each(numbers: Iterable<number>): Generator<number> {
  yield* numbers;
}

/** The numbers from one up to, but not including, another. */
export function* range(from: number, to: number): Generator<number> {
  for (let number = from; number < to; number += 1) yield number;
}
