import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { History } from "./run-client.ts";

/** What a file keeps from one session to the next; bash keeps 500. */
const MAX_LINES = 1000;

/** No line that a server takes is longer. */
const MAX_LINE_LENGTH = 8192;

/**
 * Opens the history in a file; it and its folder are made with the first line, and several sessions may add to it. An
 * empty path keeps nothing.
 * @param onFailure Called at most once, when the file cannot be read or written; the history then is this session's.
 */
export function openHistory(path: string, onFailure: (error: unknown) => void): History {
  let isKept = path !== "";
  const attempt = (work: () => void): void => {
    if (!isKept) return;
    try {
      work();
    } catch (error) {
      isKept = false;
      onFailure(error);
    }
  };

  let lines: readonly string[] = [];
  attempt(() => {
    const all = readLines(path);
    lines = all.slice(-MAX_LINES);
    if (all.length > MAX_LINES) writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  });
  return {
    lines,
    add: (line) => {
      if (line.length > MAX_LINE_LENGTH) return;
      attempt(() => {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        appendFileSync(path, `${line}\n`, { mode: 0o600 });
      });
    },
  };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Where the XDG base directory specification has programs keep their histories. */
export function defaultHistoryPath(program: string): string {
  return join(stateFolder(), `${program}-history`);
}

/** Where it has programs keep what they know from one time to the next. */
export function stateFolder(): string {
  const state = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return join(state, "tallyline");
}
