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
  const tag = TAG.exec(line);
  if (tag === null && /^ *#/.test(line)) return "its tag is none, expected # and 1 to 16 letters and digits";
  const positionals: string[] = [];
  const pairs: (readonly [string, string])[] = [];
  let index = tag === null ? 0 : tag[0].length;
  let text: string | undefined;
  for (;;) {
    while (line[index] === " ") index += 1;
    if (index === line.length) break;
    if (hasText && line[index] === ":" && positionals.length > 0) {
      text = line.slice(index + 1);
      if (CONTROL.test(text)) return "its text has a control character";
      break;
    }
    WORD.lastIndex = index;
    const word = WORD.exec(line);
    if (word === null) return `no word begins at character ${index + 1}`;
    index = WORD.lastIndex;
    const [, key, quoted, token] = word;
    const value = token ?? unescaped(quoted!);
    if (key !== undefined) {
      if (key !== REPEATED_KEY && pairs.some(([earlier]) => earlier === key)) return `${key}= is there twice`;
      pairs.push([key, value]);
    } else if (pairs.length > 0) {
      return `"${value.slice(0, 40)}" stands behind a key=value`;
    } else if (token?.includes("=") === true) {
      return `"${value.slice(0, 40)}" is neither a word nor a key=value`;
    } else {
      positionals.push(value);
    }
  }
  return { tag: tag?.[1], positionals, pairs, text };
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
const KEY = "[a-z][a-z0-9_]{0,31}";
// In a quoted value the only escapes are \" \\ and \n. A token is visible ASCII without a quotation mark.
const WORD = new RegExp(
  String.raw`(?:(${KEY})=)?(?:"((?:[^"\\\u0000-\u001f\u007f]|\\["\\n])*)"|([!#-~]+))(?= |$)`,
  "y",
);
const TOKEN = /^[!#-~]+$/;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

function unescaped(quoted: string): string {
  return quoted.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
}

/** A pair, with the blank before it. @throws RangeError for what no line can hold: this side's mistake. */
export function formatPair(key: string, value: string): string {
  return ` ${key}=${TOKEN.test(value) ? value : quotedOf(value)}`;
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
