import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CallFrame } from "./recording.ts";

/** Where a function was written: a path, `node:…`, or nothing for what is not JavaScript; and its line, from 1. */
export interface Source {
  readonly file: string;
  readonly line: number;
}

/** Finds it by the source maps that lie beside built files, which are read once each. */
export function sourceFinder(): (frame: CallFrame) => Source | undefined {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (!url.startsWith("file:")) return url === "" ? undefined : { file: url, line: lineNumber + 1 };
    if (!maps.has(url)) maps.set(url, mapBeside(fileURLToPath(url)));
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !("originalSource" in entry)) return { file: fileURLToPath(url), line: lineNumber + 1 };
    return { file: fileURLToPath(new URL(entry.originalSource, url)), line: entry.originalLine + 1 };
  };
}

function mapBeside(file: string): SourceMap | undefined {
  const map = `${file}.map`;
  if (!existsSync(map)) return undefined;
  const payload = JSON.parse(readFileSync(map, "utf8")) as SourceMapPayload;
  const sources = payload.sources.map((source) => new URL(source, pathToFileURL(file)).href);
  return new SourceMap({ ...payload, sources });
}
