import fc from "fast-check";
import { expect, test } from "vitest";
import {
  calculate,
  compile,
  createCalculator,
  decimal,
  evaluate,
  explainPythonSyntax,
  format,
  parse,
  rational,
  type Outcome,
  type PythonValue,
} from "@tallyline/expression";

const runs = Number(process.env["EXPRESSION_RUNS"] ?? 400);

const names = ["x", "y", "z"];
const literal = fc.oneof(
  fc.nat(20).map(String),
  fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map((value) => String(value)),
  fc.constantFrom("True", "False", "1e400", "0.5", "9007199254740991", "9007199254740993", "10**400", "0x1f"),
  fc.constantFrom(...names),
);
const infix = fc.constantFrom(..."+ - * / // % ** & | ^ << >> < <= == != > >= and or @".split(" "));
const prefix = fc.constantFrom("-", "+", "~", "not ");
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, depthIdentifier: "expression", withCrossShrink: true },
    literal,
    fc.tuple(tie("expression"), infix, tie("expression")).map((parts) => parts.join(" ")),
    fc.tuple(prefix, tie("expression")).map(([sign, operand]) => `(${sign}${operand})`),
    tie("expression").map((inner) => `(${inner})`),
    fc.tuple(tie("expression"), tie("expression"), tie("expression")).map(([a, b, c]) => `(${a} if ${b} else ${c})`),
    fc
      .tuple(
        fc.constantFrom("abs", "min", "max", "round", "int", "float", "pow"),
        fc.array(tie("expression"), { maxLength: 3 }),
      )
      .map(([name, list]) => `${name}(${list.join(", ")})`),
  ),
}));
const value: fc.Arbitrary<PythonValue> = fc.oneof(
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.integer({ min: -9, max: 9 }).map(BigInt),
  fc.double(),
  fc.boolean(),
);
const variables = fc.record({ x: value, y: value, z: value }, { requiredKeys: [] });

function facts(outcome: Outcome<unknown>): unknown {
  return outcome.ok ? [typeof outcome.value, outcome.text] : outcome.error.toJSON();
}

test("walk and compiled give the same value or the same error, whatever the types of the variables, and again for others", () => {
  fc.assert(
    fc.property(expression, fc.array(variables, { minLength: 1, maxLength: 3 }), (text, sets) => {
      const compiled = compile(text, { explain: explainPythonSyntax });
      for (const set of sets)
        expect(facts(compiled.calculate(set))).toEqual(facts(calculate(text, { variables: set })));
    }),
    { numRuns: runs },
  );
});

const floatText = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map((float) => {
  const text = String(float);
  return /[.e]/.test(text) ? text : `${text}.0`;
});
const floatLeaf = fc.oneof(fc.constantFrom(...names, "0.0", "0", "7"), floatText);
const { floats } = fc.letrec<{ floats: string }>((tie) => ({
  floats: fc.oneof(
    { maxDepth: 5, depthIdentifier: "floats", withCrossShrink: true },
    floatLeaf,
    fc.tuple(tie("floats"), fc.constantFrom("+", "-", "*", "/"), tie("floats")).map((parts) => `(${parts.join(" ")})`),
    fc.array(floatLeaf, { minLength: 18, maxLength: 20 }).map((terms) => terms.join(" - ")),
    tie("floats").map((inner) => `-(${inner})`),
  ),
}));

test("floats come to the same bits, or the same error, however they are computed", () => {
  const float = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1.5));
  const sets = fc.array(fc.record({ x: float, y: float, z: fc.oneof(float, value) }), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(floats, sets, (text, given) => {
      const compiled = compile(text, { explain: explainPythonSyntax });
      for (const set of [...given, ...given]) {
        const wanted = calculate(text, { variables: set });
        if (wanted.ok) expect(compiled.evaluate(set)).toBe(wanted.value);
        else expect(() => compiled.evaluate(set)).toThrow(wanted.error);
        expect(facts(compiled.calculate(set))).toEqual(facts(wanted));
      }
    }),
    { numRuns: runs },
  );
});

test.each([1, 15, 16, 17, 40])(
  "a sum of %i terms fails where its first one does, however often it is asked",
  (count) => {
    // The first step of a long sum was once taken for a value that stands from the start.
    const compiled = compile(`7 / 0${" - x".repeat(count)}`);
    for (let time = 0; time < 4; time++) expect(() => compiled.evaluate({ x: 0 })).toThrow("division by zero");
  },
);

test("formatting and parsing again gives the same tree and the same answer", () => {
  const shape = (text: string) =>
    JSON.stringify(parse(text), (key, part) => (key === "start" || key === "end" ? undefined : part));
  fc.assert(
    fc.property(expression, (text) => {
      const again = format(parse(text));
      expect(shape(again)).toBe(shape(text));
      expect(format(parse(again))).toBe(again);
    }),
    { numRuns: runs },
  );
});

test("no text makes anything but an outcome, in any dialect and arithmetic", () => {
  const calculators = [
    createCalculator({ explain: explainPythonSyntax }),
    createCalculator({ dialect: "calc" }),
    createCalculator({ numbers: rational as never }),
    createCalculator({ numbers: decimal() as never }),
  ];
  const piece = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 3 }).map((units) => String.fromCharCode(...units)),
    fc.constantFrom(..."0 1 2.5 ** ( ) [ ' \" \\ \n # if else and not = := , . x abs(".split(" ")),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), expression, fc.nat(), (pieces, good, at) => {
      const cut = at % (good.length + 1);
      for (const text of [pieces.join(""), good.slice(0, cut) + pieces.join("") + good.slice(cut)]) {
        for (const calculator of calculators) {
          const outcome = calculator.calculate(text);
          if (outcome.ok) continue;
          const { start, end } = outcome.error.span;
          expect(start >= 0 && start <= end && end <= text.length).toBe(true);
        }
      }
    }),
    { numRuns: runs },
  );
});

test("what is evaluated while it is read has the walk's value or error, in any dialect and arithmetic", () => {
  // A calculator with a function of its own walks a tree, whether the text calls it or not.
  const functions = { zzzzzzzzzzzzzzzz: { arity: 0, call: (): never => expect.fail("is not called") } };
  const limits = { maxIntegerBits: 600, maxWork: 100, maxNodes: 20, maxDepth: 5, maxResultDigits: 30, maxArguments: 2 };
  const pairs = [
    {},
    { limits },
    { dialect: "calc" as const },
    { numbers: rational as never },
    { numbers: decimal() as never },
  ].map((options) => {
    const all = { explain: explainPythonSyntax, constants: { y: true }, ...options };
    return [createCalculator(all), createCalculator({ ...all, functions })] as const;
  });
  const junk = fc.constantFrom(..."1 0 x y ( ) , ** / // ! ? : ' < == abs( abs not if else or and \n #".split(" "));
  const given = fc.record({ x: fc.oneof(fc.bigInt(), fc.boolean()) }, { requiredKeys: [] });
  fc.assert(
    fc.property(expression, fc.array(junk, { maxLength: 3 }), fc.nat(), given, (good, pieces, at, values) => {
      const cut = at % (good.length + 1);
      for (const text of [good, `${good.slice(0, cut)} ${pieces.join(" ")} ${good.slice(cut)}`]) {
        for (const [reading, walking] of pairs) {
          expect(facts(reading.calculate(text, values))).toEqual(facts(walking.calculate(text, values)));
          expect(valueOrError(() => reading.evaluate(text, values))).toEqual(
            valueOrError(() => walking.evaluate(text, values)),
          );
        }
      }
    }),
    { numRuns: runs },
  );
});

function valueOrError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test("raising a limit never changes an answer", () => {
  const tight = createCalculator({
    limits: { maxIntegerBits: 128, maxWork: 100, maxNodes: 20, maxDepth: 6, maxResultDigits: 30 },
  });
  fc.assert(
    fc.property(expression, (text) => {
      const [small, large] = [tight.calculate(text), calculate(text)];
      if (small.ok || !small.error.code.startsWith("limit-")) expect(facts(small)).toEqual(facts(large));
    }),
    { numRuns: runs },
  );
});

test("ints are exact: the same as BigInt", () => {
  const int = fc.oneof(
    fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
    fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  );
  fc.assert(
    fc.property(int, int, (x, y) => {
      const answer = (text: string) => evaluate(text, { variables: { x, y } });
      expect([
        answer("x + y"),
        answer("x - y"),
        answer("x * y"),
        answer("-x"),
        answer("x & y"),
        answer("x ^ ~y"),
      ]).toEqual([x + y, x - y, x * y, -x, x & y, x ^ ~y]);
      if (y !== 0n) {
        expect(answer("x // y * y + x % y")).toBe(x);
        expect(answer("0 <= x % y / y < 1.5")).toBe(true);
      }
    }),
    { numRuns: runs },
  );
});

test("rational arithmetic obeys the laws of a field", () => {
  const fraction = fc
    .tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 1, max: 99 }))
    .map(([n, d]) => `(${n}/${d})`);
  fc.assert(
    fc.property(fraction, fraction, fraction, (a, b, c) => {
      const calculator = createCalculator({ numbers: rational });
      const answer = (text: string) => calculator.evaluate(text);
      expect(answer(`(${a} + ${b}) * ${c} == ${a} * ${c} + ${b} * ${c}`)).toBe(true);
      expect(answer(`${a} - ${a} == 0 and ${a} * (${b} + 100) / (${b} + 100) == ${a}`)).toBe(true);
    }),
    { numRuns: runs / 10 },
  );
});
