import type { WriteRequest } from "@tallyline/bank-protocol";
import { EXIT } from "@tallyline/program";
import { BankClientError } from "./client-error.ts";
import { readClientLine } from "./client-line.ts";
import { outcomeInWords, replyInWords, type Shown } from "./client-words.ts";
import type { BankClient } from "../client.ts";
import type { Outcome } from "./outcome.ts";
import type { PendingWrites } from "./pending-writes.ts";
import { askBalance, notUnderstood, outcomeInTutorialWords, tutorialCommand } from "./tutorial-words.ts";
import { ulid } from "./ulid.ts";

/** What a console is made of. */
export interface BankConsoleOptions {
  readonly client: BankClient;
  readonly pending: PendingWrites;
  /** User and server: a command is the same only to the same bank, by the same user. */
  readonly whose: string;
  /** Answers as JSON, for scripts. */
  readonly isJson: boolean;
  /** Told what a person should know beside the answer. */
  readonly note: (text: string) => void;
}

/**
 * Answers lines that a person or a script types to a bank that speaks bank/1, on stdout. Ids are made and kept here: a
 * line that was interrupted is finished when it is typed again. @returns what answers a line with its exit code.
 */
export function bankConsole(options: BankConsoleOptions): (line: string) => Promise<number> {
  const { client, pending, whose, isJson, note } = options;

  const show = (answer: unknown, shown: Shown): number => {
    process.stdout.write(`${isJson ? JSON.stringify(answer) : shown.text}\n`);
    return shown.exitCode;
  };

  return async (line) => {
    const tutorial = tutorialCommand(line);
    if (tutorial?.kind === "balance") {
      const { reply, shown } = await askBalance(client);
      return show(reply, shown ?? replyInWords(reply));
    }
    if (tutorial !== undefined) {
      const { kind: verb, amount } = tutorial;
      const outcome = await write({ verb, amount, id: "" }, `${verb} ${amount}`, false);
      return show(outcome, outcomeInTutorialWords(tutorial, outcome) ?? outcomeInWords(outcome));
    }
    const read = readClientLine(line);
    switch (read.kind) {
      case "unknown":
        return show({ class: "BAD", code: "UNKNOWN_COMMAND" }, notUnderstood(line));
      case "problem": {
        const { code, text } = read;
        const isTutorials = /^[ \t]*(?:deposit|withdraw)(?:[ \t][^=]*)?$/.test(line);
        const words = isTutorials
          ? notUnderstood(line)
          : { text: `Not understood: ${text} (${code})`, exitCode: EXIT.refused };
        return show({ class: "BAD", code, text }, words);
      }
      case "question": {
        const { request } = read;
        if (request.verb === "settle" || request.verb === "lookup") {
          const found = await client[request.verb](request.id);
          const { text } = "kind" in found ? outcomeInWords(found) : replyInWords(found);
          return show(found, { text, exitCode: EXIT.answered }); // whatever it is, it was asked for
        }
        const reply = await client.ask(request);
        return show(reply, replyInWords(reply));
      }
      case "write": {
        const { request, command, hasOwnId } = read;
        if (request.dryRun !== true) return showOutcome(await write(request, command, hasOwnId));
        const preview = await client.preview({ ...request, id: hasOwnId ? request.id : ulid() });
        return show(preview, replyInWords(preview));
      }
    }
  };

  function showOutcome(outcome: Outcome): number {
    return show(outcome, outcomeInWords(outcome));
  }

  async function write(request: WriteRequest, command: string, hasOwnId: boolean): Promise<Outcome> {
    const key = `${whose} ${command}`;
    const interrupted = hasOwnId ? undefined : pending.interrupted(key);
    if (interrupted !== undefined) note(`finishing the same command, interrupted at ${interrupted.at}`);
    const id = hasOwnId ? request.id : (interrupted?.id ?? ulid());
    keep(() => pending.begin(key, id));
    let isKnown = true;
    try {
      return await client.write({ ...request, id });
    } catch (error) {
      isKnown = !(error instanceof BankClientError && error.delivery === "unknown");
      throw error;
    } finally {
      keep(() => pending.end(key, id, isKnown));
    }
  }

  /** A home that cannot be written to keeps nobody from his money. */
  function keep(work: () => void): void {
    try {
      work();
    } catch (error) {
      note(`an interruption could not be finished later: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
