// Errors as people read them.
import type { ExpressionError } from "./expression-error.ts";
import { endOfLine, lineAndColumn } from "./line-and-column.ts";

/** How an error is drawn. */
export interface RenderOptions {
  /** Widest line of the source to show, in code points; 20 to 1,000. Default 80. A longer one is cut around the fault. */
  readonly width?: number;
}

/** The code, the message, the line with carets under the span, and the hints; lines are joined by LF. */
export function renderError(error: ExpressionError, { width = 80 }: RenderOptions = {}): string {
  if (!Number.isInteger(width) || width < 20 || width > 1000) {
    throw new RangeError(`width is ${width}, must be a whole number from 20 to 1000`);
  }
  const { source, span, related, hint, suggestions } = error;
  const { line, lineStart } = lineAndColumn(source, span.start);
  const lineEnd = endOfLine(source, lineStart);
  const from = Math.max(lineStart, Math.min(span.start - (width >> 1), lineEnd - width));
  const to = Math.min(lineEnd, from + width);
  const gutter = " ".repeat(String(line).length);

  const lines = [`error[${error.code}]: ${error.message}`, `${gutter} |`];
  lines.push(`${line} | ${from > lineStart ? "…" : ""}${printable(source.slice(from, to))}${to < lineEnd ? "…" : ""}`);
  const indent = (offset: number) =>
    " ".repeat((from > lineStart ? 1 : 0) + displayWidth(printable(source.slice(from, Math.min(offset, to)))));
  const caretCount = displayWidth(printable(source.slice(span.start, Math.min(span.end, to))));
  const marks = `${indent(span.start)}${"^".repeat(Math.max(1, caretCount))}`;
  if (related === undefined || related.start < from || related.start > to) lines.push(`${gutter} | ${marks}`);
  else if (error.code === "unclosed-bracket") {
    // The span is where it was opened, and what is related where it should have been closed.
    const closing = { "(": ")", "[": "]", "{": "}" }[source[span.start]!]!;
    lines.push(`${gutter} | ${marks}${indent(related.start).slice(marks.length)}^ expected '${closing}' here`);
    lines.push(`${gutter} | ${indent(span.start)}opened here`);
  } else lines.push(`${gutter} | ${marks}`, `${gutter} | ${indent(related.start)}- opened here`);
  if (hint !== undefined) lines.push(`${gutter} = ${hint}`);
  if (suggestions.length > 0) {
    lines.push(`${gutter} = did you mean ${suggestions.map((name) => `'${name}'`).join(" or ")}?`);
  }
  return lines.join("\n");
}

/** Control characters would move the cursor and lone surrogates cannot be sent: both are shown as what they are not. */
function printable(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "�");
}

/** Columns on a terminal: East Asian wide characters and emoji take two, combining marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
