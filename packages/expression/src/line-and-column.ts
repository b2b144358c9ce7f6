/** Where an offset stands, for people: both count from 1, columns in code points. */
export function lineAndColumn(source: string, offset: number): { line: number; column: number; lineStart: number } {
  let line = 1;
  let lineStart = 0;
  for (let end = endOfLine(source, 0); end < Math.min(offset, source.length); end = endOfLine(source, lineStart)) {
    line += 1;
    lineStart = source.startsWith("\r\n", end) ? end + 2 : end + 1;
  }
  return { line, column: Array.from(source.slice(lineStart, offset)).length + 1, lineStart };
}

/** Where the line ends that `start` stands in, before its CR or LF. */
export function endOfLine(source: string, start: number): number {
  for (let i = start; i < source.length; i++) {
    const code = source.charCodeAt(i);
    if (code === 10 || code === 13) return i;
  }
  return source.length;
}
