import { describe, expect, test } from "vitest";
import { createAnswer } from "../src/answer.ts";
import { Conversation } from "../src/conversation.ts";
import type { Language } from "../src/language.ts";

/** A conversation with a server of the language; `asked` is what it was sent. */
function conversation(language: Language = {}, server: (expression: string) => string = createAnswer(language)) {
  const asked: string[] = [];
  const talk = new Conversation((expression) => {
    asked.push(expression);
    return Promise.resolve(server(expression));
  }, language);
  const answers = async (...lines: string[]) => {
    const all: string[] = [];
    for (const line of lines) all.push((await talk.ask(line)).answer);
    return all;
  };
  return { talk, asked, answers };
}

describe("ans", () => {
  test("is the last result, sent as an operand, whatever stands around it", async () => {
    const { answers, asked } = conversation();
    expect(await answers("1 - 4", "ans ** 2 + ans", "-ans")).toEqual(["Result: -3", "Result: 6", "Result: -6"]);
    expect(asked).toEqual(["1 - 4", "(-3) ** 2 + (-3)", "-(6)"]);
  });

  test("stays what it is after an error", async () => {
    expect(await conversation().answers("7", "ans / 0", "ans")).toEqual([
      "Result: 7",
      "Error: division by zero",
      "Result: 7",
    ]);
  });

  test("is an unknown name before the first result, and the server says so", async () => {
    expect(await conversation().answers("ans")).toEqual(["Error: name 'ans' is not defined"]);
  });

  test.each<[result: string, language: Language]>([
    ["4", {}],
    ["2.5", {}],
    ["1e+16", {}],
    ["-1e-05", {}],
    ["-0.0", {}],
    ["inf", {}],
    ["-inf", {}],
    ["nan", {}],
    ["True", {}],
    ["False", { dialect: "calc" }],
    ["-2/3", { numbers: "rational" }],
    ["1.20", { numbers: "decimal" }],
    ["1E+3", { numbers: "decimal" }],
    ["-1.5E-20", { numbers: "decimal", dialect: "calc" }],
  ])("%s is worth the same in the next question, with %j", async (result, language) => {
    const server = createAnswer(language);
    let isFirst = true;
    const { answers } = conversation(language, (expression) => {
      if (!isFirst) return server(expression);
      isFirst = false;
      return `Result: ${result}`;
    });
    expect(await answers("first", "ans")).toEqual([`Result: ${result}`, `Result: ${result}`]);
  });

  test.each(["", "[1, 2]", "1) + (2", "1 # x", "1\n2", "__import__('os')", "4 apples"])(
    "is unknown again after a result that is no number: %j",
    async (result) => {
      const { answers, asked } = conversation({}, () => `Result: ${result}`);
      await answers("4", "ans");
      expect(asked).toEqual(["4", "ans"]);
    },
  );

  test("is a name and nothing else: not in a comment, not in a longer name, not in what is no expression", async () => {
    const { answers, asked } = conversation();
    await answers("4", "ans + 1 # ans", "answer + ans", "ans ans", "'ans'");
    expect(asked.slice(1)).toEqual(["(4) + 1 # ans", "answer + (5)", "ans ans", "'ans'"]);
  });
});

describe("the place of an error", () => {
  test("is shown in the user's own line, not in what was sent", async () => {
    const { talk } = conversation();
    await talk.ask("10 ** 3");
    const { answer, place } = await talk.ask("1 + ans / 0");
    expect(answer).toBe("Error: division by zero");
    expect(place).toBe("  |\n1 | 1 + ans / 0\n  |     ^^^^^^^");
  });

  test("comes with what may have been meant", async () => {
    const { place } = await conversation({ functions: "math" }).talk.ask("2 * sqr(16)");
    expect(place).toBe("  |\n1 | 2 * sqr(16)\n  |     ^^^\n  = did you mean 'sqrt'?");
  });

  test.each<[line: string, language: Language, carets: string]>([
    ["1 + 5 ^ 2.0", {}, "^^^^^^^^^^^"],
    ["2 ^ (1/0)", { dialect: "calc" }, "     ^^^"],
    ["1/3 + 2 ** 0.5", { numbers: "rational" }, "      ^^^^^^^^"],
    ["1 + 1.5 // 0", { numbers: "decimal" }, "    ^^^^^^^^"],
  ])("is found in the server's language: %s with %j", async (line, language, carets) => {
    const { place } = await conversation(language).talk.ask(line);
    expect(place?.split("\n")[2]).toBe(`  | ${carets}`);
  });

  test("is not shown where the server finds another error, or one where there is none here", async () => {
    const { talk } = conversation({}, () => "Error: out of paper");
    expect(await talk.ask("1 / 0")).toEqual({ answer: "Error: out of paper", place: undefined });
    expect(await talk.ask("1 / 2")).toEqual({ answer: "Error: out of paper", place: undefined });
  });
});
