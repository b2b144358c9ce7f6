// Lines of every sort against a bank over a real socket: what must hold for each answer. Used by a short test, and by
// bench/fuzz.ts for as long as one likes.
import { createBankServer } from "@tallyline/bank";
import {
  bankServerCodec,
  formatRequest,
  MAX_LINE_BYTES,
  parseRequest,
  ReplyLines,
  type BankReply,
} from "@tallyline/bank-protocol";
import { connectTcp, type TcpConnection } from "@tallyline/tcp";
import { createRandom, type Random } from "@tallyline/testkit";
import { stillLedger } from "./transcript-bank.ts";

/** How many lines were answered, by code; the plain dialect's by their first word. */
export type FuzzReport = Readonly<Record<string, number>>;

/** A line that was not answered as it has to be. */
class FuzzError extends Error {
  override readonly name = "FuzzError";
}

const BATCH = 200;

/** Sends lines of bank/1 and compares: one answer each, in order, with its tag, within the limit, and readable. */
export async function fuzzBankDialect(count: number, seed: number): Promise<FuzzReport> {
  await using server = await createBankServer({ ledger: stillLedger(), port: 0 });
  await using lines = new Lines(await connectTcp({ port: server.port }));
  const random = createRandom(seed);
  const codes: Record<string, number> = {};
  lines.send(["hello bank/1", "open alice currency=USD id=o1", "open bob currency=USD id=o2 min=-50"].map(bytesOf));
  const reader = new ReplyLines();
  for (let i = 0; i < 3; i += 1) await nextReply(lines, reader);

  for (let sent = 0; sent < count;) {
    const batch = Array.from({ length: Math.min(BATCH, count - sent) }, () => bankLine(random));
    sent += batch.length;
    lines.send(batch);
    for (const line of batch) {
      const text = line.length > MAX_LINE_BYTES ? undefined : textOf(line);
      const due = text === undefined ? undefined : parseRequest(text);
      const { reply, tag } = await nextReply(lines, reader);
      if (tag !== due?.tag) throw new FuzzError(`tag ${tag} answers ${JSON.stringify(text)}`);
      if (due?.ok === false && reply.code !== due.problem.code) throw new FuzzError(`${reply.code} answers ${text}`);
      if (due?.ok === true && reply.class === "UNK") throw new FuzzError(`nobody knows what became of ${text}`);
      codes[reply.code] = (codes[reply.code] ?? 0) + 1;
    }
  }
  if (server.stats().handlerErrors > 0) throw new FuzzError("the server threw");
  return codes;
}

/** Sends lines of the plain dialect, and compares each answer with that of a model of twenty lines. */
export async function fuzzPlainDialect(count: number, seed: number): Promise<FuzzReport> {
  await using server = await createBankServer({ ledger: stillLedger(), port: 0 });
  await using lines = new Lines(await connectTcp({ port: server.port }));
  const random = createRandom(seed);
  const words: Record<string, number> = {};
  let cents = 100_000n;
  const model = (text: string | undefined): string => {
    const [verb, ...args] = (text ?? "").split(/[ \t]+/).filter((word) => word !== "");
    if (verb === "check_balance" && args.length === 0) return `Your balance is: $${dollars(cents)}`;
    if (verb !== "deposit" && verb !== "withdraw") return "Invalid command.";
    const [whole, decimals] = /^(0|[1-9]\d*)(?:\.(\d{1,2}))?$/.exec(args[0] ?? "")?.slice(1) ?? [];
    const amount = whole === undefined ? 0n : BigInt(whole + (decimals ?? "").padEnd(2, "0"));
    const invalid = `Invalid ${verb === "deposit" ? "deposit" : "withdrawal"} amount.`;
    if (args.length !== 1 || amount === 0n || amount >= 2n ** 63n) return invalid;
    if (verb === "withdraw" && amount > cents) return "Insufficient funds.";
    if (verb === "deposit" && cents + amount >= 2n ** 63n) return invalid;
    cents += verb === "deposit" ? amount : -amount;
    return `${verb === "deposit" ? "Deposited" : "Withdrew"} $${dollars(amount)}. New balance: $${dollars(cents)}`;
  };
  for (let sent = 0; sent < count;) {
    const batch = Array.from({ length: Math.min(BATCH, count - sent) }, () => plainLine(random));
    sent += batch.length;
    lines.send(batch);
    for (const line of batch) {
      const text = line.length > MAX_LINE_BYTES ? undefined : textOf(line);
      const due = model(text);
      const said = await lines.next();
      if (said !== due) throw new FuzzError(`${JSON.stringify(text)} is answered ${said}, due is ${due}`);
      const [word = ""] = said.split(" ");
      words[word] = (words[word] ?? 0) + 1;
    }
  }
  return words;
}

/** Both dialects' grammar alone, without a bank: nothing throws, and every problem fits a line. Far more lines a second. */
export function fuzzCodec(count: number, seed: number): FuzzReport {
  const codec = bankServerCodec();
  const random = createRandom(seed);
  const kinds: Record<string, number> = {};
  const [bank, plain] = [codec.decoder(), codec.decoder()];
  bank.push(bytesOf("hello bank/1\n"));
  bank.next();
  for (let i = 0; i < count; i += 1) {
    const isBank = i % 2 === 0;
    const decoder = isBank ? bank : plain;
    const line = isBank ? bankLine(random) : plainLine(random);
    decoder.push(Buffer.concat([line, Uint8Array.of(0x0a)]));
    const event = decoder.next();
    if (event?.kind !== "message") throw new FuzzError(`${JSON.stringify(textOf(line))} is no message`);
    const message = event.message;
    if (message.dialect !== (isBank ? "bank/1" : "plain")) throw new FuzzError("the dialect has changed");
    const kind =
      message.dialect === "plain" ? message.request.kind : message.ok ? message.request.verb : message.problem.code;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (message.dialect === "plain") continue;
    if (message.ok) {
      const again = parseRequest(formatRequest(message.request, message.tag));
      if (JSON.stringify(again) !== JSON.stringify({ ok: true, tag: message.tag, request: message.request })) {
        throw new FuzzError(`${textOf(line)} is another request when it is written again`);
      }
    } else {
      codec.encode({ dialect: "bank/1", tag: message.tag, reply: { class: "BAD", ...message.problem } });
    }
  }
  return kinds;
}

function dollars(cents: bigint): string {
  const digits = cents.toString().padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`.replace(/\.?0+$/, "");
}

async function nextReply(lines: Lines, reader: ReplyLines): Promise<{ tag: string | undefined; reply: BankReply }> {
  for (;;) {
    const line = await lines.next();
    if (bytesOf(line).length > MAX_LINE_BYTES) throw new FuzzError(`an answer of ${bytesOf(line).length} bytes`);
    const read = reader.push(line);
    if (typeof read === "string") throw new FuzzError(`${read}: ${line}`);
    if (read !== undefined) return read;
  }
}

/** Text that commands and their mistakes are made of; ids come again, so that the books stay small. */
const BANK_WORDS = (
  "transfer deposit withdraw balance statement hold capture release reverse journal settle lookup holds accounts audit " +
  "freeze unfreeze limit close open ping help capabilities auth hello head verify alice bob main @cash nobody alice bob " +
  "5 0.10 1000000 0 -1 1e3 0.001 9223372036854775807 id=1 id=2 id=3 id=4 id=5 id= memo=x ref=y limit=2 after=1 dry_run=1 " +
  "if_version=1 expires_s=5 final=1 leg=alice:D:5 leg=bob:C:5 leg=x currency=USD currency=EUR owner=alice min=-5 max=none " +
  "data=n,,n=a,r=abcdefgh SCRAM-SHA-256 #1 #a #2b # : = \" \\ * ' , -"
).split(" ");
const PLAIN_WORDS =
  "check_balance deposit withdraw deposit withdraw deposits 5 0.10 0 1000 99999999999999999999 -5 +5 1e3 1.001 abc 5. .5 00 \t".split(
    " ",
  );

/** Requests that are understood: A is an account, N an amount, I an id. */
const BANK_REQUESTS = [
  ..."balance A;statement A after=1 limit=2;holds A;accounts limit=2;lookup id=I;settle id=I;audit head;ping".split(
    ";",
  ),
  ..."transfer A A N id=I;deposit A N id=I;withdraw A N id=I;hold A A N id=I;hold A A N expires_s=5 id=I".split(";"),
  ..."capture I id=I;capture I N final=1 id=I;release I id=I;reverse I id=I;freeze A id=I;unfreeze A id=I".split(";"),
  ...'journal leg=A:D:N leg=A:C:N id=I;limit A min=-N id=I;transfer A A N id=I dry_run=1 memo="a b"'.split(";"),
];

function requestLine(random: Random): Uint8Array {
  const fill = { A: () => random.pick(ACCOUNTS), N: () => random.pick(AMOUNTS), I: () => `${random.integer(0, 999)}` };
  const line = random.pick(BANK_REQUESTS).replaceAll(/\b[ANI]\b/g, (letter) => fill[letter as "A" | "N" | "I"]());
  return bytesOf(random.chance(0.5) ? `#${random.integer(0, 99)} ${line}` : line);
}

const ACCOUNTS = ["alice", "bob", "main", "@cash", "nobody"];
const AMOUNTS = ["5", "0.10", "1", "0.01", "1000", "20.5", "9223372036854775807"];

function bankLine(random: Random): Uint8Array {
  for (;;) {
    const kind = random.integer(0, 9);
    const line =
      kind < 5 ? requestLine(random) : kind < 8 ? wordsLine(random, BANK_WORDS) : strangeLine(random, BANK_WORDS);
    // Which would end the connection.
    if (!line.includes(0x71) || !/quit/.test(textOf(line) ?? "")) return line;
  }
}

function plainLine(random: Random): Uint8Array {
  if (random.chance(0.4)) return bytesOf(`${random.pick(["deposit", "withdraw"])} ${random.pick(AMOUNTS)}`);
  const line = random.chance(0.8) ? wordsLine(random, PLAIN_WORDS) : strangeLine(random, PLAIN_WORDS);
  return line[0] === 0x68 ? bytesOf("x") : line; // h: never hello
}

function wordsLine(random: Random, words: readonly string[]): Uint8Array {
  let line = random.chance(0.3) ? `#${random.integer(0, 99)} ` : "";
  const length = random.integer(0, 8);
  for (let i = 0; i < length; i += 1) line += `${i === 0 ? "" : random.chance(0.95) ? " " : "  "}${random.pick(words)}`;
  if (random.chance(0.5)) line += ` id=${random.integer(0, 999)}`;
  return bytesOf(line);
}

/** Not quite a line: bytes changed, doubled, left out; of any sort; too long. */
function strangeLine(random: Random, words: readonly string[]): Uint8Array {
  const kind = random.integer(0, 99);
  if (kind === 0) return bytesOf("x".repeat(random.integer(8_000, 9_000)));
  if (kind < 30)
    return random.bytes(random.integer(0, 60)).map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
  const line = [...(random.chance(0.5) ? requestLine(random) : wordsLine(random, words))];
  for (let i = random.integer(1, 3); i > 0; i -= 1) {
    const at = random.integer(0, line.length);
    if (random.chance(0.5)) line.splice(at, random.integer(0, 2));
    else line.splice(at, 0, random.pick([0x22, 0x5c, 0x3d, 0x20, 0x23, 0x00, 0x7f, 0xc3, 0xff, 0x2e]));
  }
  return Uint8Array.from(line);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** As a server reads it; undefined where it is not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A connection as lines. */
class Lines implements AsyncDisposable {
  readonly #connection: TcpConnection;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #lines: string[] = [];
  #at = 0;
  #rest = "";

  constructor(connection: TcpConnection) {
    this.#connection = connection;
  }

  send(lines: readonly Uint8Array[]): void {
    void this.#connection.write(Buffer.concat(lines.flatMap((line) => [line, Uint8Array.of(0x0a)])));
  }

  async next(): Promise<string> {
    while (this.#at === this.#lines.length) {
      const bytes = await this.#connection.read({ deadlineMs: 30_000 });
      if (bytes === undefined) throw new FuzzError("the server ended the connection");
      this.#lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
      this.#rest = this.#lines.pop()!;
      this.#at = 0;
    }
    return this.#lines[this.#at++]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}
