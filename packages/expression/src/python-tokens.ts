// All of Python's tokens, for texts that are not expressions: a string, a bracket or a name in the wrong place has to be
// recognised to be named. Follows CPython 3.11's Parser/tokenizer.c in what is an error, in which words, and where.

import type { ErrorCode } from "./error-codes.ts";
import { stringEnd } from "./characters.ts";
import type { Span } from "./syntax-tree.ts";

/**
 * What the grammar tells apart. `eof` is the end of the text inside of a bracket, and `fault` a broken continuation of a
 * line: CPython reports these two only when its parser comes to them, and all other faults before it.
 */
type PythonTokenKind =
  | "number"
  | "name"
  | "keyword"
  | "string"
  | "symbol"
  | "newline"
  | "indent"
  | "end"
  | "eof"
  | "fault";

export interface PythonToken extends Span {
  readonly kind: PythonTokenKind;
  readonly text: string;
  /** Brackets open after it. */
  readonly level: number;
  /** Of a `fault`. */
  readonly fault?: PythonFault;
}

/** Why a text is not Python, in CPython's words. */
export interface PythonFault extends Span {
  readonly code: ErrorCode;
  readonly message: string;
  readonly related?: Span;
}

/** An opening bracket that was never closed. */
export type OpenBracket = Span & { readonly text: string; readonly line: number };

export interface PythonTokens {
  readonly tokens: readonly PythonToken[];
  /** Open at the end of the text, the innermost last. */
  readonly open: readonly OpenBracket[];
}

/** The tokens of a text, or the first thing that is none. A fault of the tokenizer goes before any of the grammar. */
export function pythonTokens(source: string): PythonTokens | PythonFault {
  const tokens: PythonToken[] = [];
  const open: OpenBracket[] = [];
  let at = 0;
  let line = 1;
  let isLineStart = false; // Python's eval strips what stands before the first token of the first line.
  const fault = (code: ErrorCode, message: string, start: number, end: number): PythonFault => ({
    code,
    message,
    start,
    end,
  });

  while (at < source.length) {
    const start = at;
    const character = String.fromCodePoint(source.codePointAt(at)!);
    if (character === " " || character === "\t" || character === "\f") {
      while (at < source.length && /[ \t\f]/.test(source[at]!)) at += 1;
      if (isLineStart && (at === source.length || !/[\r\n#]/.test(source[at]!))) {
        tokens.push({ kind: "indent", text: "", start, end: at, level: 0 });
        isLineStart = false;
      }
      continue;
    }
    if (character === "#") {
      while (at < source.length && !/[\r\n]/.test(source[at]!)) at += 1;
      continue;
    }
    if (character === "\n" || character === "\r") {
      at += source.startsWith("\r\n", at) ? 2 : 1;
      line += 1;
      const isBlank = tokens.length === 0 || tokens.at(-1)!.kind === "newline";
      if (open.length === 0 && !isBlank) tokens.push({ kind: "newline", text: "\n", start, end: at, level: 0 });
      isLineStart = open.length === 0;
      continue;
    }
    isLineStart = false;
    if (character === "\\") {
      const after = source.startsWith("\r\n", at + 1) ? at + 3 : at + 2;
      const isContinued = /[\r\n]/.test(source[at + 1] ?? "");
      if (!isContinued || after >= source.length) {
        const message = isContinued
          ? "unexpected EOF while parsing"
          : "unexpected character after line continuation character";
        const broken = fault("unexpected-token", message, at, at + 1);
        tokens.push({ kind: "fault", text: "", start, end: at + 1, level: open.length, fault: broken });
        return { tokens, open };
      }
      at = after;
      line += 1;
      continue;
    }
    const add = (kind: PythonTokenKind, end: number): void => {
      tokens.push({ kind, text: source.slice(start, end), start, end, level: open.length });
      at = end;
    };
    const quote = quoteAt(source, at);
    if (quote !== undefined) {
      const end = stringEnd(source, quote.start, quote.mark);
      if (end === undefined) {
        const kind = quote.mark.length === 3 ? "triple-quoted string" : "string";
        const last = quote.mark.length === 3 ? source.split("\n").length : line;
        return fault(
          "unterminated-string",
          `unterminated ${kind} literal (detected at line ${last})`,
          start,
          quote.start + quote.mark.length,
        );
      }
      line += source.slice(start, end).split("\n").length - 1;
      add("string", end);
    } else if (isNameCharacter(character) && !isDigit(character)) {
      const end = nameEnd(source, at);
      const stranger = strangerIn(source, start, end);
      if (stranger !== undefined) return stranger;
      add(keywords.has(source.slice(start, end)) ? "keyword" : "name", end);
    } else if (isDigit(character) || (character === "." && isDigit(source[at + 1]))) {
      const number = numberAt(source, at);
      if (typeof number !== "number") return number;
      add("number", number);
    } else if ("([{".includes(character)) {
      if (open.length >= 200) return fault("limit-parentheses", "too many nested parentheses", at, at + 1);
      open.push({ text: character, line, start, end: start + 1 });
      add("symbol", at + 1);
    } else if (")]}".includes(character)) {
      const opening = open.pop();
      if (opening === undefined) return fault("unmatched-bracket", `unmatched '${character}'`, at, at + 1);
      if ("([{".indexOf(opening.text) !== ")]}".indexOf(character)) {
        const where = opening.line === line ? "" : ` on line ${opening.line}`;
        const message = `closing parenthesis '${character}' does not match opening parenthesis '${opening.text}'${where}`;
        return { ...fault("unmatched-bracket", message, at, at + 1), related: opening };
      }
      add("symbol", at + 1);
    } else {
      if (!isPrintable(character)) {
        const message = `invalid non-printable character U+${codePoint(character)}`;
        return fault("invalid-character", message, at, at + 1);
      }
      add("symbol", at + symbolLength(source, at));
    }
  }
  const isInside = open.length > 0;
  tokens.push({ kind: isInside ? "eof" : "end", text: "", start: at, end: at, level: open.length });
  return { tokens, open };
}

const symbols = [
  "**=",
  "//=",
  ">>=",
  "<<=",
  "...",
  "**",
  "//",
  ">>",
  "<<",
  "<=",
  ">=",
  "==",
  "!=",
  "->",
  ":=",
  "<>",
].concat(Array.from("+-*/%@&|^", (operator) => `${operator}=`));

function symbolLength(source: string, at: number): number {
  return symbols.find((symbol) => source.startsWith(symbol, at))?.length ?? 1;
}

const keywords = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/** A quotation mark here, after as many letters of a string prefix as there are. */
function quoteAt(source: string, at: number): { start: number; mark: string } | undefined {
  const [, prefix = "", mark] = /^(|[bruf]|br|rb|fr|rf)('''|"""|'|")/i.exec(source.slice(at, at + 5)) ?? [];
  return mark === undefined ? undefined : { start: at + prefix.length, mark };
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Whether Python's tokenizer takes it for part of a name before it looks closer: anything beyond ASCII is. */
function isNameCharacter(character: string): boolean {
  return /[A-Za-z0-9_]/.test(character) || character >= "\x80";
}

function nameEnd(source: string, start: number): number {
  let end = start;
  while (end < source.length && isNameCharacter(source[end]!)) end += 1;
  return end;
}

/** The first character that cannot stand in a name after all. */
function strangerIn(source: string, start: number, end: number): PythonFault | undefined {
  let at = start;
  for (const character of source.slice(start, end)) {
    if (!(at === start ? /^[\p{XID_Start}_]$/u : /^\p{XID_Continue}$/u).test(character)) {
      const code = `U+${codePoint(character)}`;
      const message = isPrintable(character)
        ? `invalid character '${character}' (${code})`
        : `invalid non-printable character ${code}`;
      return { code: "invalid-character", message, start: at, end: at + character.length };
    }
    at += character.length;
  }
  return undefined;
}

function isPrintable(character: string): boolean {
  return character === " " || !/[\p{C}\p{Z}]/u.test(character);
}

function codePoint(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
}

/** Where a number ends, or what is wrong with it. */
function numberAt(source: string, start: number): number | PythonFault {
  const radix = { x: "hexadecimal", o: "octal", b: "binary" }[source.slice(start + 1, start + 2).toLowerCase()];
  if (source[start] === "0" && radix !== undefined) return radixNumberAt(source, start, radix);
  const wrong = (at: number): PythonFault => numberFault("invalid decimal literal", start, at);

  let at = start;
  if (source[at] !== ".") {
    const end = digitsEnd(source, at);
    if (end < 0) return wrong(-end);
    at = end;
    const isLeadingZero = source[start] === "0" && /[1-9]/.test(source.slice(start, at));
    if (isLeadingZero && !/[.eEjJ]/.test(source[at] ?? "")) {
      const message =
        "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
      return numberFault(message, start, at);
    }
  }
  if (source[at] === ".") {
    at += 1;
    const end = isDigit(source[at]) ? digitsEnd(source, at) : at;
    if (end < 0) return wrong(-end);
    at = end;
  }
  if (/[eE]/.test(source[at] ?? "")) {
    const isSigned = /[+-]/.test(source[at + 1] ?? "");
    const digits = at + (isSigned ? 2 : 1);
    if (isDigit(source[digits])) {
      const end = digitsEnd(source, digits);
      if (end < 0) return wrong(-end);
      at = end;
    } else if (isSigned) return wrong(digits);
  }
  if (/[jJ]/.test(source[at] ?? "")) return numberEnd(source, start, at + 1, "imaginary");
  return numberEnd(source, start, at, "decimal");
}

function radixNumberAt(source: string, start: number, kind: string): number | PythonFault {
  const digit = kind === "hexadecimal" ? /[0-9a-f]/i : kind === "octal" ? /[0-7]/ : /[01]/;
  let at = start + 2;
  for (;;) {
    if (source[at] === "_") at += 1;
    const first = at;
    while (digit.test(source[at] ?? "")) at += 1;
    if (isDigit(source[at])) return numberFault(`invalid digit '${source[at]}' in ${kind} literal`, start, at + 1);
    if (at === first) return numberFault(`invalid ${kind} literal`, start, at);
    if (source[at] !== "_") return numberEnd(source, start, at, kind);
  }
}

/** Where a run of digits and single underscores ends; negative where an underscore has no digit after it. */
function digitsEnd(source: string, start: number): number {
  let at = start;
  for (;;) {
    while (isDigit(source[at])) at += 1;
    if (source[at] !== "_") return at;
    at += 1;
    if (!isDigit(source[at])) return -at;
  }
}

/** A number may run into one of a few keywords, which Python deprecates and accepts, and into nothing else of ASCII. */
function numberEnd(source: string, start: number, at: number, kind: string): number | PythonFault {
  if (/^(?:and|else|for|if|in|is|or|not)/.test(source.slice(at, at + 4))) return at;
  return /[A-Za-z0-9_]/.test(source[at] ?? "") ? numberFault(`invalid ${kind} literal`, start, at + 1) : at;
}

function numberFault(message: string, start: number, end: number): PythonFault {
  return { code: "invalid-number", message, start, end };
}
