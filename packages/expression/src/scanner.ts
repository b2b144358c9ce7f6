// Text to tokens, one at a time and without an array of them. Works on character codes; no regular expression sees
// text of any length, so scanning is linear whatever is typed.
//
// Invariant: 0 <= start <= end <= source.length, and `source.slice(start, end)` is the token last read.

import { codeAt, digitOf, isDigit, isLineEnd, isNameStart, stringEnd } from "./characters.ts";
import type { Limits } from "./limits.ts";
import type { BinaryOperator, ComparisonOperator, Span } from "./syntax-tree.ts";
import * as Power from "./power.ts";
import * as Token from "./token.ts";

/** What may stand between operands. */
type InfixOperator = BinaryOperator | ComparisonOperator | "and" | "or" | "if" | "?";

/** Who is told where the text stops being an expression, or is too much of one. Neither returns. */
export interface Refusal {
  refuse(code: "invalid-character" | "invalid-number" | "unexpected-token", start: number, end: number): never;
  refuseLimit(code: "limit-name-length" | "limit-literal-digits", at: Span, actual: number, limit: number): never;
}

// Members are `private` and not `#private`: brand checks cost a quarter of the time of reading a short expression.
export class Scanner {
  readonly source: string;
  /** The token last read. */
  token: Token.Kind = Token.End;
  start = 0;
  end = 0;
  /** Where the token before it ended. */
  previousEnd = 0;
  /** Of an infix operator, else `Power.None`. */
  power = 0;
  operator: InfixOperator = "+";
  /** Of a number. */
  isInteger = true;
  nearest = 0;
  /** Of a name. */
  name = "";
  /** Parentheses open here; inside them a line may end anywhere. */
  openCount = 0;

  private readonly isCalc: boolean;
  private readonly limits: Limits;
  private readonly refusal: Refusal;

  constructor(source: string, isCalc: boolean, limits: Limits, refusal: Refusal) {
    this.source = source;
    this.isCalc = isCalc;
    this.limits = limits;
    this.refusal = refusal;
  }

  /** Reads the next token into the fields. */
  next(): void {
    const { source } = this;
    let at = this.end;
    this.previousEnd = at;
    let code = codeAt(source, at);
    while (code === 32 || code === 9 || code === 12) code = codeAt(source, ++at);
    this.start = at;
    this.power = Power.None;
    if (isDigit(code)) return this.readNumber(at, code);
    if (isNameStart(code)) return this.readName(at);
    this.end = at + 1;
    switch (code) {
      case 40: // (
        this.openCount += 1;
        this.token = Token.Open;
        return;
      case 41: // )
        this.openCount -= 1;
        this.token = Token.Close;
        return;
      case 43: // +
        return this.infix("+", Power.Sum, 1);
      case 45: // -
        return this.infix("-", Power.Sum, 1);
      case 42: // *
        return codeAt(source, at + 1) === 42 ? this.infix("**", Power.Exponent, 2) : this.infix("*", Power.Product, 1);
      case 47: // /
        return codeAt(source, at + 1) === 47 ? this.infix("//", Power.Product, 2) : this.infix("/", Power.Product, 1);
      case 37: // %
        return this.infix("%", Power.Product, 1);
      case 34: // "
      case 39: // '
        if (this.isCalc) break;
        return this.string(at);
      case 44: // ,
        this.token = Token.Comma;
        return;
      case 46: // .
        if (isDigit(codeAt(source, at + 1))) return this.readNumber(at, code);
        break;
      case 60: // <
      case 61: // =
      case 62: // >
      case 33: // !
        return this.comparison(at, code);
      case 94: // ^
        return this.isCalc ? this.infix("**", Power.Exponent, 1) : this.infix("^", Power.BitXor, 1);
      case 38: // &
      case 124: // |
        return this.ampersandOrBar(at, code);
      case 126: // ~
        if (this.isCalc) break;
        this.token = Token.Tilde;
        return;
      case 64: // @
        if (this.isCalc) break;
        return this.infix("@", Power.Product, 1);
      case 63: // ?
        if (!this.isCalc) break;
        return this.infix("?", Power.Conditional, 1);
      case 58: // :
        if (!this.isCalc) break;
        this.token = Token.Colon;
        return;
      case 35: // #
      case 10:
      case 13:
      case 92: // \
        return this.lineEnd(at);
      default:
        if (at >= source.length) {
          this.end = at;
          this.token = Token.End;
          return;
        }
        if (code >= 128) return this.beyondAscii(at);
    }
    this.refusal.refuse("unexpected-token", at, at + 1);
  }

  private infix(operator: InfixOperator, power: number, length: number): void {
    this.token = Token.Infix;
    this.operator = operator;
    this.power = power;
    this.end = this.start + length;
  }

  private comparison(at: number, code: number): void {
    const next = codeAt(this.source, at + 1);
    if (next === 61) {
      const operator = code === 60 ? "<=" : code === 61 ? "==" : code === 62 ? ">=" : "!=";
      return this.infix(operator, Power.Comparison, 2);
    }
    if (code === 33) {
      if (!this.isCalc) this.refusal.refuse("unexpected-token", at, at + 1);
      this.token = Token.Bang;
      return;
    }
    if (code === 61) this.refusal.refuse("unexpected-token", at, at + 1);
    if (next !== code) return this.infix(code === 60 ? "<" : ">", Power.Comparison, 1);
    if (this.isCalc) this.refusal.refuse("unexpected-token", at, at + 2);
    this.infix(code === 60 ? "<<" : ">>", Power.Shift, 2);
  }

  private ampersandOrBar(at: number, code: number): void {
    const isAnd = code === 38;
    if (!this.isCalc) return isAnd ? this.infix("&", Power.BitAnd, 1) : this.infix("|", Power.BitOr, 1);
    if (codeAt(this.source, at + 1) !== code) this.refusal.refuse("unexpected-token", at, at + 1);
    return isAnd ? this.infix("and", Power.And, 2) : this.infix("or", Power.Or, 2);
  }

  /** Comments, ends of lines, and lines continued by a backslash, however many; then the token after them. */
  private lineEnd(first: number): void {
    const { source, previousEnd } = this;
    let at = first;
    let isOver = false;
    for (;;) {
      const code = codeAt(source, at);
      if (code === 35) {
        while (at < source.length && !isLineEnd(codeAt(source, at))) at += 1;
      } else if (code === 92) {
        const after = source.startsWith("\r\n", at + 1) ? at + 3 : at + 2;
        if (!isLineEnd(codeAt(source, at + 1)) || after >= source.length) {
          this.refusal.refuse("unexpected-token", at, at + 1);
        }
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
    if (isOver && this.token !== Token.End) this.refusal.refuse("unexpected-token", this.start, this.end);
  }

  /** A string has no value here, but what stands before it is evaluated first, as in Python. */
  private string(at: number): void {
    const mark = this.source[at]!;
    const triple = mark.repeat(3);
    const end = stringEnd(this.source, at, this.source.startsWith(triple, at) ? triple : mark);
    if (end === undefined) return this.refusal.refuse("unexpected-token", at, at + 1);
    this.end = end;
    this.token = Token.String;
  }

  private beyondAscii(at: number): void {
    const character = String.fromCodePoint(this.source.codePointAt(at)!);
    if (this.isCalc) {
      if (character === "×" || character === "·") return this.infix("*", Power.Product, 1);
      if (character === "÷") return this.infix("/", Power.Product, 1);
      if (character === "−") return this.infix("-", Power.Sum, 1);
    }
    if (!/\p{XID_Start}/u.test(character)) this.refusal.refuse("invalid-character", at, at + character.length);
    this.readName(at);
  }

  private readName(at: number): void {
    const { source } = this;
    let end = at;
    let isAscii = true;
    for (;;) {
      const code = codeAt(source, end);
      if (isNameStart(code) || isDigit(code)) {
        end += 1;
      } else if (code >= 128) {
        const character = String.fromCodePoint(source.codePointAt(end)!);
        if (!/\p{XID_Continue}/u.test(character)) break;
        isAscii = false;
        end += character.length;
      } else break;
      const limit = this.limits.maxNameLength;
      if (end - at > limit) this.refusal.refuseLimit("limit-name-length", { start: at, end }, end - at, limit);
    }
    this.end = end;
    const name = source.slice(at, end);
    this.name = isAscii ? name : name.normalize("NFKC");
    this.token = Token.Name;
    // Keywords are two to five letters; longer names need no look.
    if (end - at <= 5) this.keyword(name);
    if (!this.isCalc && reservedWords.has(name)) this.refusal.refuse("unexpected-token", at, end);
  }

  private keyword(name: string): void {
    const { length } = name;
    switch (name) {
      case "and":
        return this.infix("and", Power.And, length);
      case "or":
        return this.infix("or", Power.Or, length);
      case "if":
        if (!this.isCalc) return this.infix("if", Power.Conditional, length);
        return;
      case "mod":
        if (this.isCalc) return this.infix("%", Power.Product, length);
        return;
      case "div":
        if (this.isCalc) return this.infix("//", Power.Product, length);
        return;
      case "not":
        this.token = Token.Not;
        return;
      case "else":
        if (!this.isCalc) this.token = Token.Else;
        return;
      case "True":
        this.token = Token.True;
        return;
      case "False":
        this.token = Token.False;
        return;
      case "true":
        if (this.isCalc) this.token = Token.True;
        return;
      case "false":
        if (this.isCalc) this.token = Token.False;
    }
  }

  /** Most numbers are a few digits, perhaps with a point; everything else takes the long way. */
  private readNumber(at: number, first: number): void {
    const { source } = this;
    let end = at;
    let code = first;
    let digits = 0;
    let scale = 0;
    while (code >= 48 && code <= 57) {
      digits = digits * 10 + (code - 48);
      code = codeAt(source, ++end);
    }
    const isInteger = code !== 46;
    if (!isInteger) {
      const point = end;
      code = codeAt(source, ++end);
      while (code >= 48 && code <= 57) {
        digits = digits * 10 + (code - 48);
        code = codeAt(source, ++end);
      }
      scale = end - point - 1;
    }
    if (end - at > 15 || isNameStart(code) || (first === 48 && isInteger && end > at + 1)) {
      return this.readAnyNumber(at, first);
    }
    this.token = Token.Number;
    this.end = end;
    this.isInteger = isInteger;
    // Both are exact float64s, so the division rounds once: the nearest value (Clinger's fast path).
    this.nearest = scale === 0 ? digits : digits / powersOfTen[scale]!;
  }

  private readAnyNumber(at: number, first: number): void {
    const { source } = this;
    this.token = Token.Number;
    const second = codeAt(source, at + 1) | 32;
    if (first === 48 && (second === 120 || second === 111 || second === 98)) return this.radix(at, second);

    // `digits` is the number without its point, exact while it stays within 2^53.
    let digits = 0;
    let digitCount = 0;
    let scale = 0;
    let end = at;
    let code = first;
    let isInteger = true;
    for (;;) {
      if (isDigit(code)) {
        digits = digits * 10 + (code - 48);
        digitCount += 1;
        if (!isInteger) scale -= 1;
        code = codeAt(source, ++end);
      } else if (code === 95 && isDigit(codeAt(source, end + 1)) && digitCount > 0 && codeAt(source, end - 1) !== 46) {
        code = codeAt(source, ++end);
      } else if (code === 46 && isInteger) {
        isInteger = false;
        code = codeAt(source, ++end);
      } else break;
    }
    if ((code | 32) === 101) {
      const exponentEnd = this.exponentEnd(end);
      if (exponentEnd > end) {
        scale += Number(source.slice(end + 1, exponentEnd).replaceAll("_", ""));
        end = exponentEnd;
        isInteger = false;
      }
    }
    this.finishNumber(at, end);
    this.isInteger = isInteger;
    if (isInteger) {
      if (digitCount > this.limits.maxLiteralDigits) {
        this.refusal.refuseLimit("limit-literal-digits", { start: at, end }, digitCount, this.limits.maxLiteralDigits);
      }
      if (first === 48 && digits > 0) this.refusal.refuse("invalid-number", at, end);
    }
    if (digits <= Number.MAX_SAFE_INTEGER && scale >= -22 && scale <= 22) {
      this.nearest = scale < 0 ? digits / powersOfTen[-scale]! : digits * powersOfTen[scale]!;
    } else {
      this.nearest = Number(source.slice(at, end).replaceAll("_", ""));
    }
  }

  /** Where an exponent that begins with the `e` at `at` ends, or `at` when it is none (`1else 2`). */
  private exponentEnd(at: number): number {
    const { source } = this;
    const sign = codeAt(source, at + 1);
    let end = sign === 43 || sign === 45 ? at + 2 : at + 1;
    if (!isDigit(codeAt(source, end))) return at;
    for (;;) {
      const code = codeAt(source, end);
      if (!isDigit(code) && !(code === 95 && isDigit(codeAt(source, end + 1)))) return end;
      end += 1;
    }
  }

  private radix(at: number, letter: number): void {
    const { source } = this;
    const bits = letter === 120 ? 4 : letter === 111 ? 3 : 1;
    let value = 0;
    let end = at + 2;
    let significant = 0;
    for (;;) {
      const digit = digitOf(codeAt(source, codeAt(source, end) === 95 ? end + 1 : end));
      if (digit >= 1 << bits) break;
      value = value * (1 << bits) + digit;
      if (value > 0) significant += bits;
      end += codeAt(source, end) === 95 ? 2 : 1;
    }
    if (end === at + 2) this.refusal.refuse("invalid-number", at, end);
    this.finishNumber(at, end);
    this.isInteger = true;
    this.nearest = value;
    // A power of two as radix has no digit limit in Python; here it is bounded by the width of an integer.
    if (significant - bits >= this.limits.maxIntegerBits) {
      this.refusal.refuseLimit("limit-literal-digits", { start: at, end }, significant, this.limits.maxIntegerBits);
    }
  }

  /** A number must not run into a name or another digit: `2x`, `1__0`, `0b12`. A few keywords may follow at once, as in Python. */
  private finishNumber(at: number, end: number): void {
    const { source } = this;
    const code = codeAt(source, end);
    this.end = end;
    if (!isNameStart(code) && !isDigit(code)) return;
    for (const keyword of gluedKeywords) if (source.startsWith(keyword, end)) return;
    this.refusal.refuse("invalid-number", at, end + 1);
  }
}

/** Python's words that no expression here can use. */
const reservedWords = new Set(
  (
    "None as assert async await break class continue def del except finally for from global import in is lambda " +
    "nonlocal pass raise return try while with yield"
  ).split(" "),
);

const gluedKeywords = ["and", "or", "if", "else", "not", "for", "in", "is"];

const powersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
