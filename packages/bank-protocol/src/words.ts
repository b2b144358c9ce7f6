/** One line of bank/1 taken apart, as docs/bank-protocol.md §3 has it. Values are without quotes and escapes. */
export interface Words {
  /** Ties a reply to its request. 1 to 16 letters and digits. */
  readonly tag: string | undefined;
  /** The words before the first `key=value`, the verb or the class among them. */
  readonly positionals: readonly string[];
  /** `key=value`, in the order of the line. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
  /** What follows ` :` at the end of a reply. */
  readonly text: string | undefined;
}

/** The one key that a line may have more than once: the legs of a journal entry. */
const REPEATED_KEY = "leg";

/**
 * Takes a line apart. Never throws.
 * @param hasText Whether ` :` begins a text for people that takes the rest of the line, as in replies.
 * @returns what is wrong with the line, for people, when it does not follow the grammar.
 */
export function parseWords(line: string, hasText: boolean): Words | string {
  let tag: string | undefined;
  let index = afterBlanks(line, 0);
  if (line.charCodeAt(index) === HASH) {
    const found = TAG.exec(line);
    if (found === null) return "its tag is none, expected # and 1 to 16 letters and digits";
    tag = found[1];
    index = found[0].length;
  }
  const positionals: string[] = [];
  const pairs: (readonly [string, string])[] = [];
  let text: string | undefined;
  for (;;) {
    index = afterBlanks(line, index);
    if (index === line.length) break;
    if (hasText && line.charCodeAt(index) === COLON && positionals.length > 0) {
      text = line.slice(index + 1);
      if (CONTROL.test(text)) return "its text has a control character";
      break;
    }
    const end = tokenEnd(line, index);
    const word = end === undefined ? quotedWord(line, index) : plainWord(line, index, end);
    if (word === undefined) return `no word begins at character ${index + 1}`;
    index = word.end;
    const { key, value } = word;
    if (key !== undefined) {
      if (key !== REPEATED_KEY && hasKey(pairs, key)) return `${key}= is there twice`;
      pairs.push([key, value]);
    } else if (pairs.length > 0) {
      return `"${value.slice(0, 40)}" stands behind a key=value`;
    } else if (end !== undefined && value.includes("=")) {
      return `"${value.slice(0, 40)}" is neither a word nor a key=value`;
    } else {
      positionals.push(value);
    }
  }
  return { tag, positionals, pairs, text };
}

/** A word, or a `key=value`. */
interface Word {
  readonly key: string | undefined;
  readonly value: string;
  readonly end: number;
}

function afterBlanks(line: string, start: number): number {
  let index = start;
  while (line.charCodeAt(index) === BLANK) index += 1;
  return index;
}

/** Where a token ends: visible ASCII without a quotation mark, up to a blank. @returns undefined where there is anything else. */
function tokenEnd(line: string, start: number): number | undefined {
  for (let index = start; index < line.length; index += 1) {
    const unit = line.charCodeAt(index);
    if (unit === BLANK) return index;
    if (unit < BLANK || unit === QUOTE || unit > LAST_VISIBLE) return undefined;
  }
  return line.length;
}

function plainWord(line: string, start: number, end: number): Word {
  const word = line.slice(start, end);
  const equalsAt = word.indexOf("=");
  if (equalsAt > 0 && equalsAt < word.length - 1) {
    const key = word.slice(0, equalsAt);
    if (WHOLE_KEY.test(key)) return { key, value: word.slice(equalsAt + 1), end };
  }
  return { key: undefined, value: word, end };
}

/** A word with quotation marks; undefined where there is none. */
function quotedWord(line: string, start: number): Word | undefined {
  QUOTED_WORD.lastIndex = start;
  const found = QUOTED_WORD.exec(line);
  if (found === null) return undefined;
  const [, key, quoted = ""] = found;
  const value = quoted.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  return { key, value, end: QUOTED_WORD.lastIndex };
}

function hasKey(pairs: Words["pairs"], key: string): boolean {
  for (const pair of pairs) if (pair[0] === key) return true;
  return false;
}

/** The tag of a line that may be unreadable otherwise: whoever asked shall know which answer is his. */
export function tagOf(line: string): string | undefined {
  return TAG.exec(line)?.[1];
}

/** Puts a line together, in the one canonical way. @throws RangeError for what no line can hold: this side's mistake. */
export function formatWords({ tag, positionals, pairs, text }: Words): string {
  let line = tag === undefined ? "" : `#${tag}`;
  for (const word of positionals) line += `${line === "" ? "" : " "}${formatPositional(word)}`;
  for (const [key, value] of pairs) line += formatPair(key, value);
  if (text !== undefined) line += ` :${checked(text)}`;
  return line;
}

const TAG = /^ *#([A-Za-z0-9]{1,16})(?= |$)/;
const WHOLE_KEY = /^[a-z][a-z0-9_]{0,31}$/;
// The only escapes are \" \\ and \n.
// oxlint-disable-next-line no-control-regex -- they are what it refuses
const QUOTED_WORD = /(?:([a-z][a-z0-9_]{0,31})=)?"((?:[^"\\\u0000-\u001f\u007f]|\\["\\n])*)"(?= |$)/y;
const [BLANK, QUOTE, HASH, COLON, LAST_VISIBLE] = [0x20, 0x22, 0x23, 0x3a, 0x7e];
const TOKEN = /^[!#-~]+$/;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A pair, with the blank before it. @throws RangeError for what no line can hold: this side's mistake. */
function formatPair(key: string, value: string): string {
  return ` ${key}=${formatValue(value)}`;
}

/** A value, in quotation marks where it needs them. @throws RangeError for what no line can hold: this side's mistake. */
export function formatValue(value: string): string {
  return TOKEN.test(value) ? value : quotedOf(value);
}

/** `#` at the beginning would be a tag, `:` a text, and `=` a key. */
function formatPositional(value: string): string {
  return /^[!$-9;<>-~][!#-<>-~]*$/.test(value) ? value : quotedOf(value);
}

function quotedOf(value: string): string {
  const escaped = value.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`);
  return `"${checked(escaped)}"`;
}

function checked(text: string): string {
  if (CONTROL.test(text))
    throw new RangeError(`${JSON.stringify(text)} has a control character, which no line can hold`);
  return text;
}
