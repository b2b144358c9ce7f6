import { readFileSync } from "node:fs";
import {
  CODES,
  COMMANDS,
  formatReply,
  formatRequest,
  parseRequest,
  ReplyLines,
  usageOf,
  type BankReply,
  type BankRequest,
  type CodeFacts,
  type Verb,
} from "@tallyline/bank-protocol";
import { describe, expect, test } from "vitest";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../conformance/${name}.json`, import.meta.url), "utf8"));

interface RequestVector {
  readonly line: string;
  readonly tag?: string;
  readonly request?: BankRequest;
  /** How the request is written, where the line is another way. */
  readonly canonical?: string;
  readonly code?: string;
  readonly argument?: string;
}
interface ReplyVector {
  readonly lines: readonly string[];
  readonly tag?: string;
  readonly reply?: BankReply;
  readonly canonical?: readonly string[];
  readonly invalid?: true;
}
const requests = read("requests") as RequestVector[];
const replies = read("replies") as ReplyVector[];

const okCodes = ["HELLO", "CAPABILITIES", "PONG", "BYE", "HELP", "CONTINUE", "AUTHENTICATED", "DONE", "WOULD_DO"];
okCodes.push("WOULD_DECLINE", "EXECUTED", "DECLINED", "FENCED", "UNSEEN", "BALANCE", "ACCOUNTS", "HOLDS");
okCodes.push("STATEMENT", "AUDIT");
const specification = readFileSync(new URL("../../../docs/bank-protocol.md", import.meta.url), "utf8");

describe("docs/bank-protocol.md", () => {
  test("lists the codes with their class and ISO reason, in the order of their precedence", () => {
    const rows = [...specification.matchAll(/^\| (NO|BAD|TRY|UNK) +\| `([A-Z_]+)` +\| +([A-Z0-9]*) +\|/gm)];
    const facts = Object.entries<CodeFacts>(CODES).map(([code, { class: replyClass, iso = "" }]) => [
      replyClass,
      code,
      iso,
    ]);
    expect(rows.map((row) => row.slice(1))).toEqual(facts);
  });

  test.each(Object.keys(COMMANDS))("shows how %s is used, as help does", (verb) => {
    const usage = usageOf(verb as Verb).replace(/ id= .*$/, "");
    const shown = { hello: "hello PROTOCOL", audit: "audit head", journal: "journal leg=" }[verb] ?? usage;
    expect(specification).toMatch(
      new RegExp(`\`${shown.replace("final=", "final=1").replaceAll(/[[\]]/g, String.raw`\$&`)}`),
    );
  });

  test.each(okCodes)("describes the reply %s", (code) => {
    expect(specification).toMatch(new RegExp(`^\\| [^|]*\`${code}\``, "m"));
  });
});

describe("requests", () => {
  test.each(requests)("$line", ({ line, tag, request, canonical, code, argument }) => {
    const parsed = parseRequest(line);
    expect(parsed.tag).toBe(tag);
    if (parsed.ok) {
      expect(parsed.request).toEqual(request);
      expect(formatRequest(parsed.request, tag)).toBe(canonical ?? line);
    } else {
      expect(parsed.problem).toEqual({ code, text: expect.any(String), ...(argument !== undefined && { argument }) });
    }
  });

  test("there is one for every command, and one for every problem of a line", () => {
    const verbs = new Set(requests.map((each) => each.request?.verb));
    expect(Object.keys(COMMANDS).filter((verb) => !verbs.has(verb as keyof typeof COMMANDS))).toEqual([]);
    const codes = new Set(requests.map((each) => each.code));
    const ofLines = Object.keys(CODES).slice(1, Object.keys(CODES).indexOf("UNSUPPORTED"));
    expect(ofLines.filter((code) => !codes.has(code))).toEqual([]);
  });
});

describe("replies", () => {
  test.each(replies)("$lines", ({ lines, tag, reply, canonical, invalid }) => {
    const reader = new ReplyLines();
    const answers = lines.map((line) => reader.push(line));
    const last = answers.pop();
    expect(answers.every((each) => each === undefined)).toBe(true);
    if (invalid === true) {
      expect(typeof last).toBe("string");
    } else {
      expect(last).toEqual({ tag, reply });
      expect(formatReply(reply!, tag)).toEqual(canonical ?? lines);
    }
  });

  test("there is one for every reply in class OK, and one for each other class", () => {
    const seen = new Set(replies.flatMap(({ reply }) => (reply === undefined ? [] : [reply.class, reply.code])));
    const expected = [...okCodes, "NO", "BAD", "TRY", "UNK"];
    expect(expected.filter((each) => !seen.has(each as "OK"))).toEqual([]);
  });
});
