// Questions about single characters, by their UTF-16 units.

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** A letter of ASCII or `_`; letters beyond ASCII are looked at one by one. */
export function isNameStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

export function isLineEnd(code: number): boolean {
  return code === 10 || code === 13;
}

/** The value of a digit in any base up to 36; 99 for what is none. */
export function digitOf(code: number): number {
  if (isDigit(code)) return code - 48;
  const letter = (code | 32) - 87;
  return letter >= 10 && letter < 36 ? letter : 99;
}

/** Where the string literal ends whose quotation marks begin at `start`, or undefined when it does not. */
export function stringEnd(source: string, start: number, mark: string): number | undefined {
  for (let at = start + mark.length; at < source.length; at++) {
    if (source[at] === "\\") at += 1;
    else if (source.startsWith(mark, at)) return at + mark.length;
    else if (mark.length === 1 && /[\r\n]/.test(source[at]!)) return undefined;
  }
  return undefined;
}

/**
 * The UTF-16 unit there, 0 beyond the end. Asking a string for what it does not have gives NaN, and engines that have
 * seen it once no longer read characters as small integers: tokens cost a third more.
 */
export function codeAt(source: string, at: number): number {
  return at < source.length ? source.charCodeAt(at) : 0;
}
