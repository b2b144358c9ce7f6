import { expect, test } from "vitest";
import { fuzzBankDialect, fuzzCodec, fuzzPlainDialect } from "./fuzz-lines.ts";

// The short form of bench/fuzz.ts.
test("every line of bank/1, whatever it is, has one answer of its own, within the limit", async () => {
  const codes = await fuzzBankDialect(10_000, 1);
  expect(Object.values(codes).reduce((sum, count) => sum + count, 0)).toBe(10_000);
  for (const code of [
    "DONE",
    "SYNTAX",
    "UNKNOWN_COMMAND",
    "LINE_TOO_LONG",
    "ID_REUSED",
    "ACCOUNT_UNKNOWN",
    "BALANCE",
  ]) {
    expect(codes[code], code).toBeGreaterThan(0);
  }
});

test("every line of the plain dialect, whatever it is, is answered in the tutorial's words", async () => {
  const words = await fuzzPlainDialect(10_000, 1);
  for (const word of ["Your", "Deposited", "Withdrew", "Insufficient", "Invalid"]) {
    expect(words[word], word).toBeGreaterThan(0);
  }
});

test("no line throws in the grammar of either dialect, and what is read is the same when it is written again", () => {
  const kinds = fuzzCodec(20_000, 1);
  for (const kind of ["transfer", "journal", "SYNTAX", "deposit", "invalid-command"])
    expect(kinds[kind], kind).toBeGreaterThan(0);
});
