import type { ByteStream } from "./byte-stream.ts";

/** One line of a conversation. */
export interface TranscriptStep {
  readonly side: "client" | "server";
  /** Without `C: ` or `S: `. */
  readonly text: string;
  /** Where it stands in the file, from 1. */
  readonly line: number;
}

/** A transcript that cannot be read, or a peer that did not follow it. */
export class TranscriptError extends Error {
  override readonly name = "TranscriptError";
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

/**
 * Reads a transcript: `C: ` before what the client says, `S: ` before what the server says, `C:` or `S:` alone for an
 * empty line of the conversation. Lines that begin with `#` are comments, blank lines mean nothing. Text is taken as it
 * is, with the spaces at its end. Throws a {@link TranscriptError} for any other line, and for a file that says nothing.
 */
export function parseTranscript(text: string): TranscriptStep[] {
  const steps: TranscriptStep[] = [];
  const lines = text.split(/\r?\n/);
  for (const [i, content] of lines.entries()) {
    if (content.trim() === "" || content.startsWith("#")) continue;
    const said = /^([CS]):(?: (.*))?$/.exec(content);
    if (said === null) throw new TranscriptError(i + 1, `"${content}" does not begin with "C: ", "S: " or "#"`);
    steps.push({ side: said[1] === "C" ? "client" : "server", text: said[2] ?? "", line: i + 1 });
  }
  if (steps.length === 0) throw new TranscriptError(lines.length, "the transcript says nothing");
  return steps;
}

/** A peer that is asked line by line: what it answers to each, or undefined or an empty list for no answer. */
export type Ask = (
  request: string,
) => string | readonly string[] | undefined | Promise<string | readonly string[] | undefined>;

/**
 * Plays the client of a transcript to a peer that answers line by line, and rejects with a {@link TranscriptError} at the
 * first answer that differs. What the server says before the client does cannot be asked for, and is refused.
 */
export async function replayTranscript(steps: readonly TranscriptStep[], ask: Ask): Promise<void> {
  if (steps[0]?.side === "server") {
    throw new TranscriptError(steps[0].line, "the server speaks first; only a stream can replay that");
  }
  for (let i = 0; i < steps.length;) {
    const request = steps[i++] as TranscriptStep;
    const expected: TranscriptStep[] = [];
    while (steps[i]?.side === "server") expected.push(steps[i++] as TranscriptStep);

    const answer = (await ask(request.text)) ?? [];
    const answers = typeof answer === "string" ? [answer] : answer;
    for (let j = 0; j < Math.max(expected.length, answers.length); j += 1) {
      compare(expected[j], answers[j], request);
    }
  }
}

/** How lines go over the wire. */
export interface TranscriptStreamOptions {
  /** Written after each line of the client. Default LF. Read are LF and CRLF. */
  readonly lineEnd?: string;
}

/**
 * Plays the client of a transcript over a byte stream: writes its lines, awaits the server's. At the end of the transcript it
 * ends its side, and whatever else the server then says is an error. How long it may wait is the test's business: it has
 * no timer, so close the stream to give up.
 */
export async function replayTranscriptOverStream(
  steps: readonly TranscriptStep[],
  stream: ByteStream,
  options: TranscriptStreamOptions = {},
): Promise<void> {
  const lineEnd = options.lineEnd ?? "\n";
  const encoder = new TextEncoder();
  const lines = new LineReader(stream);
  let last = steps[0];
  for (const step of steps) {
    if (step.side === "client") await stream.write(encoder.encode(step.text + lineEnd));
    else compare(step, await lines.next(), step);
    last = step;
  }
  stream.end();
  const surplus = await lines.next();
  if (surplus !== undefined && last !== undefined) compare(undefined, surplus, last);
}

function compare(expected: TranscriptStep | undefined, actual: string | undefined, at: TranscriptStep): void {
  if (expected?.text === actual) return;
  const said = actual === undefined ? "the server said nothing" : `the server said "${actual}"`;
  const due = expected === undefined ? "after which nothing was due" : `due was "${expected.text}"`;
  throw new TranscriptError((expected ?? at).line, `${said}, ${due}`);
}

/** Lines of a stream, for conversations short enough to be written down. */
class LineReader {
  readonly #stream: ByteStream;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #text = "";
  #hasEnded = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end !== -1) {
        const line = this.#text.slice(0, end).replace(/\r$/, "");
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#hasEnded) break;
      const bytes = await this.#stream.read();
      if (bytes === undefined) this.#hasEnded = true;
      else this.#text += this.#decoder.decode(bytes, { stream: true });
    }
    // An unfinished line is shown as what it is, so that it equals no line of a transcript.
    const rest = this.#text;
    this.#text = "";
    return rest === "" ? undefined : `${rest}<end of stream>`;
  }
}
