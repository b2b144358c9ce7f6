import { expect, test } from "vitest";
import { createCalculator, Decimal, decimal, type DecimalValue, type Rounding } from "@tallyline/expression";
import { corpusLines, hasCorpora } from "./corpora.ts";

// decTest operations that expressions have, and how they are written in one.
const texts: Readonly<Record<string, string>> = {
  add: "a + b",
  subtract: "a - b",
  multiply: "a * b",
  divide: "a / b",
  divideint: "a // b",
  remainder: "a % b",
  power: "a ** b",
  squareroot: "sqrt(a)",
  plus: "+a",
  minus: "-a",
  abs: "abs(a)",
};
const files =
  "add subtract multiply divide divideint remainder power squareroot plus minus abs base randoms rounding inexact".split(
    " ",
  );

test.skipIf(!hasCorpora)("every decTest case in range of these operations gives its result, digit for digit", () => {
  const failures: string[] = [];
  let passed = 0;
  for (const file of files) {
    const context: Record<string, string> = {};
    for (const line of corpusLines(`decTest-subset/${file}.decTest`)) {
      const directive = /^\s*(\w+)\s*:\s*(\S+)/.exec(line);
      if (directive) context[directive[1]!.toLowerCase()] = directive[2]!.toLowerCase();
      const result = directive ? undefined : run(line, context);
      if (result === "passed") passed += 1;
      else if (result !== undefined) failures.push(result);
    }
  }
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(9000);
});

function run(line: string, context: Readonly<Record<string, string>>): string | undefined {
  const match = /^\s*(\w+)\s+(\w+)\s+('[^']*'|\S+)\s+(?:('[^']*'|\S+)\s+)?->\s+('[^']*'|\S+)\s*(.*)$/.exec(line);
  if (!match) return undefined;
  const [, id, operation, left, right, wanted, conditions] = match as unknown as string[];
  const text = texts[operation!.toLowerCase()];
  // Results that are infinite, not a number or subnormal at the exponents of the case are errors or other numbers here.
  if (text === undefined || /Over|Under|Sub|Clamp|Inval|Imposs|Undef|Zero/i.test(conditions!)) return undefined;
  const [a, b, expected] = [left, right, wanted].map((each) => parse(each));
  if (a === undefined || expected === undefined || (text.includes("b") && text !== "abs(a)" && b === undefined))
    return undefined;
  const precision = Number(context["precision"]);
  if (precision > 1000) return undefined;
  // Powers take whole exponents.
  if (text === "a ** b" && !isWhole(b!)) return undefined;

  const rounding = context["rounding"]!.replace("_", "-") as Rounding;
  const outcome = createCalculator<DecimalValue>({ numbers: decimal({ precision, rounding }) }).calculate(text, {
    a,
    ...(b && { b }),
  });
  const actual = outcome.ok ? outcome.text : outcome.error.code;
  return actual === expected.toString() ? "passed" : `${id} ${text} with ${left} ${right}: ${actual}, not ${wanted}`;
}

function isWhole({ coefficient, exponent }: Decimal): boolean {
  return exponent >= 0 ? exponent < 10 : coefficient % 10n ** BigInt(-exponent) === 0n;
}

function parse(text: string | undefined): Decimal | undefined {
  const match = /^'?([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?'?$/.exec(text ?? "");
  if (!match || `${match[2]}${match[3]}` === "") return undefined;
  const [, sign, whole, fraction, exponent = "0"] = match as unknown as string[];
  const value = Number(exponent) - fraction!.length;
  return Math.abs(value) > 900_000 ? undefined : new Decimal(sign === "-", BigInt(whole! + fraction!), value);
}
