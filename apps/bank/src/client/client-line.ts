import {
  COMMANDS,
  formatRequest,
  parseRequest,
  usageOf,
  type BankRequest,
  type Verb,
  type WriteRequest,
} from "@tallyline/bank-protocol";

/** What a typed line asks for. */
export type ClientLine =
  | { readonly kind: "write"; readonly request: WriteRequest; readonly hasOwnId: boolean; readonly command: string }
  | { readonly kind: "question"; readonly request: Exclude<BankRequest, WriteRequest> }
  | { readonly kind: "unknown" }
  | { readonly kind: "problem"; readonly code: string; readonly text: string };

/** Stands for an id while a line without one is read. */
const NO_ID = "-";

/** Reads a line of bank/1 as a person types it: without a tag, and without an id unless he wants one of his own. */
export function readClientLine(line: string): ClientLine {
  const verb = line.trim().split(/ +/, 1)[0] ?? "";
  const isWrite = Object.hasOwn(COMMANDS, verb) && COMMANDS[verb as Verb].isWrite;
  const hasOwnId = !isWrite || / id=/.test(line);
  const parsed = parseRequest(hasOwnId ? line : `${line} id=${NO_ID}`);
  if (!parsed.ok) {
    const { code, text } = parsed.problem;
    return code === "UNKNOWN_COMMAND" ? { kind: "unknown" } : { kind: "problem", code, text };
  }
  const { request } = parsed;
  if (!isWrite) return { kind: "question", request: request as Exclude<BankRequest, WriteRequest> };
  const command = formatRequest({ ...(request as WriteRequest), id: NO_ID });
  return { kind: "write", request: request as WriteRequest, hasOwnId, command };
}

/** What the word under the cursor may become: a command, or one of its keys. */
export function completions(line: string): [string[], string] {
  const words = line.split(/ +/);
  const last = words.at(-1) ?? "";
  const [verb = ""] = words;
  if (words.length === 1) {
    const verbs = [...Object.keys(COMMANDS), "check_balance"].filter(
      (each) => !HIDDEN.has(each) && each.startsWith(last),
    );
    return [verbs.map((each) => `${each} `), last];
  }
  if (!Object.hasOwn(COMMANDS, verb)) return [[], last];
  return [keysOf(verb as Verb).filter((key) => key.startsWith(last) && !line.includes(` ${key}`)), last];
}

/** What the client says by itself. */
const HIDDEN = new Set(["hello", "auth", "quit"]);

function keysOf(verb: Verb): string[] {
  return [...usageOf(verb).matchAll(/[a-z_]+=/g)].map(([key]) => key);
}
