import { type PlainAddress, PlainDialogue } from "./plain-dialogue.ts";

/** What a client of the plain dialect is made of; where nothing is said, that of a bank server on this machine. */
export interface PlainClientOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 65432. */
  readonly port?: number;
  /** How the server tells requests apart. Default "auto": finds out with a first line that every bank answers. */
  readonly framing?: PlainAddress["framing"];
  /** Time for connecting, and again for each answer, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
}

/** Talks to a bank server in the words of the plain dialect, over one connection that is made when it is needed. */
export interface PlainClient extends AsyncDisposable {
  /**
   * Sends a command, such as `deposit 50`, and resolves with the answer. Calls queue up; nothing is ever sent twice.
   * Rejects with BankClientError, whose `delivery` says whether it may have been executed.
   */
  send(command: string): Promise<string>;
  /** Whether the server speaks bank/1 too. Only a client that finds the framing out by itself learns of it. */
  offersBank(): Promise<boolean>;
  /** Closes the connection once the calls made so far have ended. */
  close(): Promise<void>;
}

/** Creates a client; it connects with the first command. */
export function createPlainClient(options: PlainClientOptions = {}): PlainClient {
  const { host = "127.0.0.1", port = 65432, framing = "auto", deadlineMs = 10_000 } = options;
  let address: PlainAddress = { host, port, framing };
  let dialogue: PlainDialogue | undefined;
  let closesAfterEachAnswer = false;
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  let offersBank = false;

  const connect = async () => {
    dialogue = await PlainDialogue.open(address, deadlineMs);
    offersBank ||= dialogue.offersBank;
    address = { ...address, framing: dialogue.framing }; // asked once
    return dialogue;
  };
  const exchange = async (command: string) => {
    if (dialogue === undefined || dialogue.isOver) dialogue = await connect();
    if (dialogue.isOver) {
      // It ended right behind its greeting, and will again behind each answer. Nothing was sent to it yet.
      closesAfterEachAnswer = true;
      dialogue = await connect();
    }
    const answer = await dialogue.exchange(command, deadlineMs);
    if (closesAfterEachAnswer) await dialogue.close();
    return answer;
  };
  const close = () => inTurn(async () => dialogue?.close());

  return {
    send: (command) => inTurn(() => exchange(command)),
    offersBank: () =>
      inTurn(async () => {
        if (dialogue === undefined) await connect();
        return offersBank;
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
