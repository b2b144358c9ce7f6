import { expect, test } from "vitest";
import { calculate, createCalculator, ExpressionError, mathFunctions } from "@tallyline/expression";
import { corpusLines, hasCorpora } from "./corpora.ts";

function bitsOf(text: string): string {
  const outcome = calculate(text);
  if (!outcome.ok) return outcome.error.code;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Number(outcome.value));
  return view.getBigUint64(0).toString(16).toUpperCase().padStart(16, "0");
}

// Correct rounding where it is hardest: halves, subnormals, the largest, and more digits than a float64 can tell.
test.each([
  ["9007199254740993.0", "4340000000000000"],
  ["2.2250738585072011e-308", "000FFFFFFFFFFFFF"],
  ["4.9e-324", "0000000000000001"],
  ["2.4703282292062327e-324", "0000000000000000"],
  ["1.7976931348623158e308", "7FEFFFFFFFFFFFFF"],
  ["1.7976931348623159e308", "7FF0000000000000"],
  ["0.1000000000000000055511151231257827021181583404541015625", "3FB999999999999A"],
])("the literal %s is the float64 %s", (text, bits) => {
  expect(bitsOf(text)).toBe(bits);
});

test.skipIf(!hasCorpora)("every float literal of the parse-number-fxx corpus is right to the bit", () => {
  const files =
    "exhaustive-float16 freetype-2-7 google-wuffs lemire-fast-float more-test-cases tencent-rapidjson".split(" ");
  let count = 0;
  const wrong: string[] = [];
  for (const line of files.flatMap((file) => corpusLines(`parse-number-fxx/${file}.txt`))) {
    const [, , bits, literal] = line.split(" ");
    if (literal === undefined) continue;
    count += 1;
    // In an expression the sign is an operator, and a number without a point is an int.
    const text = /[.eE]/.test(literal) ? literal : `${literal}.0`;
    if (!/^[+-]?[\d.]/.test(literal) || text.length > 16_000) continue;
    if (bitsOf(text) !== bits) wrong.push(line);
  }
  expect(wrong).toEqual([]);
  expect(count).toBe(52_977);
});

test.skipIf(!hasCorpora)("floats are printed with the digits of CPython's %r test cases", () => {
  const cases = corpusLines("cpython/formatfloat_testcases.txt").filter((line) => line.startsWith("%r"));
  expect(cases.length).toBeGreaterThan(20);
  for (const line of cases) {
    const [, literal, wanted] = /^%r\s+(\S+)\s+->\s+(\S+)/.exec(line)!;
    const outcome = calculate(`float(${literal})`);
    expect(outcome.ok && outcome.text, line).toBe(wanted);
  }
});

test.skipIf(!hasCorpora)("exprtk's pairs agree within 1e-9, as far as they share this grammar", () => {
  const calculator = createCalculator({ dialect: "calc", functions: mathFunctions });
  const variables: Record<string, number> = {};
  const wrong: string[] = [];
  let agreed = 0;
  for (const file of ["exprtk_functional_test.txt", "exprtk_functional_ext_test.txt.gz"]) {
    for (const line of corpusLines(`exprtk/${file}`)) {
      const assignment = /^equal\(\(([a-z]) := ([\d.]+)\)/.exec(line);
      if (assignment) variables[assignment[1]!] = Number(assignment[2]);
      const match = /^equal\(\((-?[\d.]+)\),\((.*)\)\)$/.exec(line);
      if (!match) continue;
      try {
        const [wanted, actual] = [Number(match[1]), Number(calculator.evaluate(match[2]!, variables))];
        if (Math.abs(wanted - actual) <= 1e-9 * Math.max(1, Math.abs(wanted), Math.abs(actual))) agreed += 1;
        else wrong.push(`${line}: ${actual}`);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(agreed).toBeGreaterThan(7000);
});
