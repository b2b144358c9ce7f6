import { EncodeError, type Codec } from "./codec.ts";
import { LineDecoder } from "./line-decoder.ts";
import { oneOf, refuseUnknownKeys, wholeNumber } from "./options.ts";

/** How lines are read and written. */
export interface LineOptions {
  /**
   * Longest line read, in bytes, counting a CR but not the LF; 1 to 2^24. Also the memory that an unfinished line may hold.
   * Default 8192: what Apache takes for a header line, and little to hold for each of a thousand peers.
   */
  readonly maxLineBytes?: number;
  /**
   * Longest line written, in bytes without its LF; 1 to 2^24. Default 65536: answers may be longer than questions, and
   * a line of more is an accident.
   */
  readonly maxWrittenLineBytes?: number;
  /**
   * What a longer line is: with `skip` (the default) one `bad` event, then the lines after it; with `close` the end of
   * the stream.
   */
  readonly onTooLong?: "skip" | "close";
}

/**
 * Lines of UTF-8 text. Read: ended by LF or CRLF, any other CR is part of the line. Written: ended by LF; a line that
 * contains LF or CR is refused, because it could be read as two.
 */
export function lines(options: LineOptions = {}): Codec<string> {
  refuseUnknownKeys("lines", options, ["maxLineBytes", "maxWrittenLineBytes", "onTooLong"]);
  const maxLineBytes = wholeNumber("maxLineBytes", options.maxLineBytes ?? 8192, 1, 2 ** 24);
  const maxWrittenLineBytes = wholeNumber("maxWrittenLineBytes", options.maxWrittenLineBytes ?? 65_536, 1, 2 ** 24);
  const onTooLong = oneOf("onTooLong", options.onTooLong ?? "skip", ["skip", "close"]);

  // A UTF-16 unit is at most 3 bytes of UTF-8, so short lines need no counting.
  const uncountedUnits = Math.floor(maxWrittenLineBytes / 3);
  const shortUnits = Math.min(SHORT_UNITS, uncountedUnits);
  const check = (line: string): void => {
    if (NOT_IN_A_LINE.test(line)) refuseLine(line);
    if (line.length > uncountedUnits) refuseLongLine(line, maxWrittenLineBytes);
  };
  const encodeText = (line: string): string => {
    if (line.length > shortUnits || !isPrintable(line)) check(line);
    return line + "\n";
  };
  return {
    decoder: () => new LineDecoder(maxLineBytes, onTooLong),
    encode: (line) => encoder.encode(encodeText(line)),
    encodeText,
  };
}

/**
 * Many replies are a word or two, for which a loop costs a fifth of the regular expression. A longer text that was put together
 * is in pieces in memory, and looking at its units one by one costs more.
 */
const SHORT_UNITS = 12;

function isPrintable(line: string): boolean {
  for (let i = 0; i < line.length; i += 1) {
    const unit = line.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

/** LF, CR, and a surrogate without its other half. */
const NOT_IN_A_LINE = /[\n\r\p{Surrogate}]/u;

const encoder = new TextEncoder();

function refuseLine(line: string): never {
  const at = line.search(NOT_IN_A_LINE);
  const character = line[at];
  if (character === "\n" || character === "\r") {
    const name = character === "\n" ? "LF" : "CR";
    throw new EncodeError("DELIMITER_IN_MESSAGE", `line has ${name} at index ${at} of ${line.length}`);
  }
  throw new EncodeError("INVALID_TEXT", `line has half a surrogate pair at index ${at} of ${line.length}`);
}

function refuseLongLine(line: string, limitBytes: number): void {
  const bytes = encoder.encode(line).length;
  if (bytes > limitBytes) {
    throw new EncodeError("MESSAGE_TOO_LONG", `line is ${bytes} bytes, limit is ${limitBytes}`);
  }
}
