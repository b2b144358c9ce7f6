import {
  formatRequest,
  MAX_LINE_BYTES,
  parseRequest,
  ReplyLines,
  formatReply,
  usageOf,
} from "@tallyline/bank-protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { line, request } from "./arbitraries.ts";

describe("a request", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(request, fc.option(fc.stringMatching(/^[A-Za-z0-9]{1,16}$/), { nil: undefined }), (each, tag) => {
        expect(parseRequest(formatRequest(each, tag))).toEqual({ ok: true, tag, request: each });
      }),
    );
  });

  test("has one way to be written, and no line that is read makes a line that is not", () => {
    fc.assert(
      fc.property(line, (each) => {
        const parsed = parseRequest(each);
        if (!parsed.ok) return;
        const canonical = formatRequest(parsed.request, parsed.tag);
        expect(parseRequest(canonical)).toEqual(parsed);
      }),
    );
  });

  test("that is none is told so in a reply that fits a line, whatever the line", () => {
    fc.assert(
      fc.property(fc.oneof(line, fc.string({ unit: "binary", minLength: 7000, maxLength: 8192 })), (each) => {
        const parsed = parseRequest(each);
        if (parsed.ok) return;
        const [reply = ""] = formatReply({ class: "BAD", ...parsed.problem }, parsed.tag);
        expect(new TextEncoder().encode(reply).length).toBeLessThanOrEqual(MAX_LINE_BYTES);
      }),
    );
  });

  test.each([
    ["a control character", { verb: "auth", mechanism: "x", data: "a\u0007b" }],
    ["an amount that is none", { verb: "deposit", amount: "-5", id: "1" }],
    ["an id with a blank", { verb: "settle", id: "a b" }],
  ] as const)("with %s cannot be written: that is its writer's mistake", (_what, each) => {
    expect(() => formatRequest(each)).toThrow(RangeError);
  });

  test("shows how it is used", () => {
    expect(usageOf("transfer")).toBe("transfer FROM TO AMOUNT id= [if_version=] [memo=] [ref=] [dry_run=]");
    expect(usageOf("deposit")).toBe("deposit [ACCOUNT] AMOUNT id= [if_version=] [memo=] [ref=] [dry_run=]");
    expect(usageOf("journal")).toBe("journal leg= id= [if_version=] [memo=] [ref=] [dry_run=]");
  });
});

describe("a reply", () => {
  test("is never read from what is none, and reading never throws", () => {
    fc.assert(fc.property(fc.array(line), (lines) => lines.every((each) => isRead(new ReplyLines().push(each)))));
  });

  test("has a bounded number of lines", () => {
    const reader = new ReplyLines(2);
    for (let i = 0; i < 2; i += 1) expect(reader.push("* x")).toBeUndefined();
    expect(reader.push("* x")).toBe("more than 2 lines of data came before their reply");
  });
});

function isRead(answer: unknown): boolean {
  return answer === undefined || typeof answer === "string" || typeof answer === "object";
}
