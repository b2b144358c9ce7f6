import { count, createProgram, host, parseFlags, port } from "@tallyline/program";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const argv = process.argv;
beforeEach(() => {
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function parse(...args: string[]) {
  process.argv = ["node", "tell-time", ...args];
  const program = createProgram({
    name: "tell-time",
    version: "1.2.3",
    description: "Tells the time.",
    logLevel: "warn",
  })
    .argument("[words...]")
    .option("--port <number>", "where to listen", port, 123)
    .option("--host <address>", "where to listen", host, "localhost")
    .option("--aloud", "say it", false)
    .option("--max-tellers <number>", "how many tell", count, 5);
  return parseFlags<{ readonly port: number; readonly maxTellers: number; readonly aloud: boolean }>(program);
}

test("flags have defaults, and the command line overrides the environment", () => {
  expect(parse().flags).toEqual({ port: 123, host: "localhost", aloud: false, maxTellers: 5, logLevel: "warn" });
  vi.stubEnv("TELL_TIME_MAX_TELLERS", "7");
  vi.stubEnv("TELL_TIME_PORT", "8");
  expect(parse("--port", "9").flags).toMatchObject({ port: 9, maxTellers: 7 });
});

describe("words", () => {
  test.each([
    [["now"], ["now"]],
    [["-5"], ["-5"]],
    [["-(1 + 2)"], ["-(1 + 2)"]],
    [["- 5"], ["- 5"]],
    [
      ["deposit", "-5"],
      ["deposit", "-5"],
    ],
    [["--", "--port"], ["--port"]],
  ])("%j are the words %j", (args, words) => {
    expect(parse(...args).words).toEqual(words);
  });

  test.each([["now"], ["-5"], ["-(1 + 2)"]])("%j can stand before flags", (word) => {
    expect(parse(word, "--port", "9")).toMatchObject({ words: [word], flags: { port: 9 } });
  });
});

test.each([
  [["--port", "65536"], "exit 2"],
  [["--port", "-1"], "exit 2"],
  [["--port", "0"], "exit 2"],
  [["--host", ""], "exit 2"],
  [["--port", "1e3"], "exit 2"],
  [["--max-tellers", "0"], "exit 2"],
  [["--max-tellers", "1000001"], "exit 2"],
  [["--log-level", "loud"], "exit 2"],
  [["--prot", "1"], "exit 2"],
])("%j ends with %s", (args, exit) => {
  expect(() => parse(...args)).toThrow(exit);
});

test.each([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
  ["", false],
])("a switch is what its variable says: %j is %s", (text, aloud) => {
  vi.stubEnv("TELL_TIME_ALOUD", text);
  expect(parse().flags).toMatchObject({ aloud });
  expect(parse("--aloud").flags).toMatchObject({ aloud: true });
});

test("a variable that is no answer to a switch is refused", () => {
  vi.stubEnv("TELL_TIME_ALOUD", "maybe");
  expect(() => parse()).toThrow("exit 2");
});

test.each(["--help", "--version"])("%s ends with exit 0", (flag) => {
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  expect(() => parse(flag)).toThrow("exit 0");
});

test("a bad value from the environment is refused as one from the command line is", () => {
  vi.stubEnv("TELL_TIME_PORT", "http");
  expect(() => parse()).toThrow("exit 2");
});
