// Text to tokens, one at a time and without an array of them. Works on character codes; what regular expressions see is
// bounded, so scanning is linear whatever is typed.
//
// Invariant: 0 <= start <= end <= source.length, and `source.slice(start, end)` is the token last read.

import { codeAt, digitOf, isDigit, isLineEnd, isNameStart, stringEnd } from "./characters.ts";
import type { ErrorCode } from "./error-codes.ts";
import { ExpressionError, type ErrorDetails } from "./expression-error.ts";
import type { Limits } from "./limits.ts";
import { calcSymbols, pythonSymbols, type InfixOperator, type Symbols } from "./symbols.ts";
import type { NumberToken, Span } from "./syntax-tree.ts";
import * as Token from "./token.ts";

/** Which language the text is in. */
export type Dialect = "python" | "calc";

/** Finds better words for why a text was refused at `stop`. */
export type ExplainSyntax = (source: string, stop: Span, details: ErrorDetails) => ExpressionError;

/** What a text is read as. */
export interface Language {
  readonly dialect: Dialect;
  readonly limits: Limits;
  /** For the python dialect: `explainPythonSyntax`, or undefined for plain words. */
  readonly explain: ExplainSyntax | undefined;
}

// Members are `protected` and not `#private`: brand checks cost a quarter of the time of reading a short expression.
export class Scanner implements NumberToken {
  protected readonly source: string;
  protected readonly limits: Limits;
  protected readonly isPython: boolean;
  /** The token last read, and where it stands. */
  protected token: number = Token.End;
  start = 0;
  end = 0;
  /** Where the token before it ended. */
  protected previousEnd = 0;
  /** Of what stands between operands. */
  protected operator: InfixOperator = "+";
  /** Of a number. */
  isInteger = true;
  nearest = 0;
  /** Of a name. */
  protected name = "";
  /** Parentheses open here; inside them a line may end anywhere. */
  protected openCount = 0;
  private readonly signs: Symbols["signs"];
  private readonly words: Symbols["words"];
  private readonly explain: ExplainSyntax | undefined;

  constructor(source: string, { dialect, limits, explain }: Language) {
    this.source = source;
    this.limits = limits;
    this.isPython = dialect === "python";
    const { signs, words } = this.isPython ? pythonSymbols : calcSymbols;
    this.signs = signs;
    this.words = words;
    this.explain = this.isPython ? explain : undefined;
  }

  /** Reads the next token into the fields. */
  protected next(): void {
    const { source } = this;
    let at = this.end;
    this.previousEnd = at;
    let code = codeAt(source, at);
    while (code === 32 || code === 9 || code === 12) code = codeAt(source, ++at);
    this.start = at;
    if (isDigit(code)) return this.readNumber(at, code);
    if (code >= 128) return this.readBeyondAscii(at);
    for (let sign = this.signs[code]; sign !== undefined; sign = sign.shorter) {
      if (sign.second >= 0 && sign.second !== codeAt(source, at + 1)) continue;
      this.end = sign.second < 0 ? at + 1 : at + 2;
      this.token = sign.token;
      this.operator = sign.operator;
      if (sign.token === Token.Open) this.openCount += 1;
      else if (sign.token === Token.Close) this.openCount -= 1;
      return;
    }
    if (at < source.length) return this.readOther(at, code);
    this.end = at;
    this.token = Token.End;
  }

  /** What is neither a number that begins with a digit nor a sign. */
  private readOther(at: number, code: number): void {
    if (isNameStart(code)) return this.readName(at);
    if (code === 46 && isDigit(codeAt(this.source, at + 1))) return this.readNumber(at, code);
    if (code === 35 || code === 92 || isLineEnd(code)) return this.readLineEnd(at);
    if (this.isPython && (code === 34 || code === 39)) return this.readString(at);
    this.refuse("unexpected-token", at, at + 1);
  }

  /** Comments, ends of lines, and lines continued by a backslash, however many; then the token after them. */
  private readLineEnd(first: number): void {
    const { source, previousEnd } = this;
    let at = first;
    let isOver = false;
    for (;;) {
      const code = codeAt(source, at);
      if (code === 35) {
        while (at < source.length && !isLineEnd(codeAt(source, at))) at += 1;
      } else if (code === 92) {
        const after = source.startsWith("\r\n", at + 1) ? at + 3 : at + 2;
        if (!isLineEnd(codeAt(source, at + 1)) || after >= source.length) this.refuse("unexpected-token", at, at + 1);
        at = after;
      } else if (isLineEnd(code)) {
        isOver ||= this.openCount === 0;
        at += 1;
      } else if (code === 32 || code === 9 || code === 12) at += 1;
      else break;
    }
    this.end = at;
    this.next();
    this.previousEnd = previousEnd;
    // The expression's line is over. Only blank lines and comments may follow.
    if (isOver && this.token !== Token.End) this.refuse("unexpected-token", this.start, this.end);
  }

  /** A string has no value here, but what stands before it is evaluated first, as in Python. */
  private readString(at: number): void {
    const mark = this.source[at]!;
    const triple = mark.repeat(3);
    const end = stringEnd(this.source, at, this.source.startsWith(triple, at) ? triple : mark);
    if (end === undefined) return this.refuse("unexpected-token", at, at + 1);
    this.end = end;
    this.token = Token.String;
  }

  private readBeyondAscii(at: number): void {
    const meaning = this.words.get(this.source[at]!);
    if (meaning === undefined) return this.readName(at);
    this.end = at + 1;
    this.token = meaning.token;
    this.operator = meaning.operator;
  }

  private readName(at: number): void {
    const { source } = this;
    const most = this.limits.maxNameLength;
    let end = at;
    while (end - at <= most && (isNameStart(codeAt(source, end)) || isDigit(codeAt(source, end)))) end += 1;
    const isAscii = codeAt(source, end) < 128;
    if (!isAscii) {
      const [name] = /^[_\p{XID_Start}]\p{XID_Continue}*/u.exec(source.slice(at, at + most + 1)) ?? [""];
      end = at + name.length;
      if (name === "") this.refuse("invalid-character", at, at + String.fromCodePoint(source.codePointAt(at)!).length);
    }
    if (end - at > most) {
      this.refuseLimit("limit-name-length", `name is over ${most} characters, limit is ${most}`, { start: at, end });
    }
    const text = source.slice(at, end);
    const meaning = this.words.get(text);
    this.end = end;
    this.token = meaning?.token ?? Token.Name;
    this.operator = meaning?.operator ?? "+";
    this.name = isAscii ? text : text.normalize("NFKC");
    if (this.token === Token.Reserved) this.refuse("unexpected-token", at, end);
  }

  /** Most numbers are a few digits, perhaps with a point; everything else takes the long way. */
  private readNumber(at: number, first: number): void {
    const { source } = this;
    let end = at;
    let code = first;
    let digits = 0;
    let scale = 0;
    while (isDigit(code)) {
      digits = digits * 10 + (code - 48);
      code = codeAt(source, ++end);
    }
    const isInteger = code !== 46;
    if (!isInteger) {
      const point = end;
      code = codeAt(source, ++end);
      while (isDigit(code)) {
        digits = digits * 10 + (code - 48);
        code = codeAt(source, ++end);
      }
      scale = end - point - 1;
    }
    if (end - at > 15 || isNameStart(code) || (first === 48 && isInteger && end > at + 1))
      return this.readLongNumber(at);
    this.token = Token.Number;
    this.end = end;
    this.isInteger = isInteger;
    // Both are exact float64s, so the division rounds once: the nearest value (Clinger's fast path).
    this.nearest = scale === 0 ? digits : digits / powersOfTen[scale]!;
  }

  private readLongNumber(at: number): void {
    const { source, limits } = this;
    const radix = radixes[source.slice(at, at + 2).toLowerCase()] ?? 10;
    let end = radix === 10 ? at : at + 2;
    const digitsFrom = end;
    end = this.digitsEnd(end, radix);
    let isInteger = true;
    if (radix === 10) {
      if (codeAt(source, end) === 46) {
        isInteger = false;
        end = this.digitsEnd(end + 1, radix);
      }
      const sign = codeAt(source, end + 1);
      const exponent = sign === 43 || sign === 45 ? end + 2 : end + 1;
      if ((codeAt(source, end) | 32) === 101 && isDigit(codeAt(source, exponent))) {
        isInteger = false;
        end = this.digitsEnd(exponent, radix);
      }
    } else if (end === digitsFrom) this.refuse("invalid-number", at, end);

    // A number must not run into a name or another digit, `2x`, `1__0`, `0b12`, but for a few keywords, as in Python.
    const code = codeAt(source, end);
    const isCut = isNameStart(code) || isDigit(code);
    if (isCut && !/^(?:and|or|if|else|not|for|in|is)/.test(source.slice(end, end + 4))) {
      this.refuse("invalid-number", at, end + 1);
    }
    const digits = source.slice(digitsFrom, end).replaceAll("_", "");
    if (isInteger) {
      // A power of two as radix has no digit limit in Python; here it is bounded by the width of an integer.
      const most = radix === 10 ? limits.maxLiteralDigits : limits.maxIntegerBits / Math.log2(radix);
      if (digits.length > most) {
        const message =
          `Exceeds the limit (${most} digits) for integer string conversion: value has ${digits.length} digits; ` +
          "use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to avoid decimal conversion limits.";
        this.refuseLimit("limit-literal-digits", message, { start: at, end });
      }
      if (radix === 10 && /^0+[1-9]/.test(digits)) this.refuse("invalid-number", at, end);
    }
    this.token = Token.Number;
    this.end = end;
    this.isInteger = isInteger;
    this.nearest = Number(source.slice(at, digitsFrom) + digits);
  }

  /** Where digits end, with single underscores between them, or after the letter of a radix. */
  private digitsEnd(start: number, radix: number): number {
    const { source } = this;
    let end = start;
    for (;;) {
      const isGap = codeAt(source, end) === 95 && (end > start || radix !== 10);
      const digit = isGap ? end + 1 : end;
      if (digitOf(codeAt(source, digit)) >= radix) return end;
      end = digit + 1;
    }
  }

  protected refuse(code: ErrorCode, start: number, end: number, details: ErrorDetails = {}): never {
    if (this.explain !== undefined) throw this.explain(this.source, { start, end }, details);
    throw new ExpressionError(code, plainMessages[code] ?? "invalid syntax", this.source, { start, end }, details);
  }

  protected refuseLimit(code: ErrorCode, message: string, at: Span): never {
    throw new ExpressionError(code, message, this.source, at);
  }
}

const radixes: Readonly<Record<string, number>> = { "0x": 16, "0o": 8, "0b": 2 };

const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

const plainMessages: Partial<Record<ErrorCode, string>> = {
  empty: "there is no expression",
  "invalid-character": "invalid character",
  "invalid-number": "invalid number",
  "unclosed-bracket": "'(' was never closed",
  "unmatched-bracket": "unmatched ')'",
};
