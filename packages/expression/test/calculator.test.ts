import { describe, expect, test } from "vitest";
import {
  calculate,
  compile,
  createCalculator,
  Decimal,
  decimal,
  evaluate,
  ExpressionError,
  format,
  mathConstants,
  mathFunctions,
  parse,
  Rational,
  rational,
  walk,
  type Compiled,
  type EvaluateOptions,
  type OwnFunction,
  type PythonValue,
} from "@tallyline/expression";

const textOf = (text: string, options: EvaluateOptions) => {
  const outcome = calculate(text, options);
  return outcome.ok ? outcome.text : outcome.error.code;
};

test("an int is a bigint, a float a number and a bool a boolean", () => {
  expect([evaluate("2 + 2"), evaluate("4 / 2"), evaluate("2 < 3")]).toEqual([4n, 2, true]);
  expect(calculate("4 / 2")).toEqual({ ok: true, value: 2, text: "2.0" });
});

test("evaluate throws the error that calculate gives", () => {
  expect(() => evaluate("1/0")).toThrow(ExpressionError);
  expect(calculate("1/0")).toMatchObject({ ok: false, error: { code: "division-by-zero" } });
});

describe("names", () => {
  test("are variables first, then constants; neither can be reached but by name", () => {
    const calculator = createCalculator({ constants: { x: 1, g: 9.81 } });
    expect(calculator.evaluate("x + g", { x: 2n })).toBe(11.81);
    expect(calculator.evaluate("x")).toBe(1);
    const compiled = compile("x + y", { constants: { x: 1n } });
    expect(compiled.names).toEqual(["x", "y"]);
    expect([compiled.evaluate({ y: 2n }), compiled.evaluate({ x: 0.5, y: 2n })]).toEqual([3n, 2.5]);
    expect(compiled.calculate()).toMatchObject({ ok: false, error: { code: "unknown-name" } });
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])("%s is not defined", (name) => {
    expect(calculate(name, { variables: { x: 1 } })).toMatchObject({ error: { code: "unknown-name" } });
    expect(compile(name).calculate({ x: 1 })).toMatchObject({ error: { code: "unknown-name" } });
    expect(calculate(`${name}()`)).toMatchObject({ error: { code: "unknown-name" } });
  });

  test("a name that the caller gives may be any, even __proto__", () => {
    const variables = JSON.parse('{"__proto__": 5}') as Record<string, number>;
    expect(evaluate("__proto__ * 2", { variables })).toBe(10);
    expect(compile("__proto__ * 2").evaluate(variables)).toBe(10);
  });

  test("a compiled expression may be evaluated again while its variables are being read", () => {
    const compiled = compile("x - y");
    let inner: PythonValue | undefined;
    const asking = {
      x: 10.5,
      get y() {
        inner = compiled.evaluate({ x: 1.5, y: 1 });
        return 0.5;
      },
    };
    for (let time = 0; time < 3; time++) expect([compiled.evaluate(asking), inner]).toEqual([10, 0.5]);
    const failing = {
      x: 1.5,
      get y(): number {
        throw new Error("no value today");
      },
    };
    expect(() => compiled.evaluate(failing)).toThrow("no value today");
    expect(compiled.evaluate({ x: 1n, y: 2n })).toBe(-1n);
    expect(() => compiled.evaluate({ x: 1.5 })).toThrow("name 'y' is not defined");
    expect(compiled.evaluate({ x: 1.5, y: 1 })).toBe(0.5);
  });

  test("values that are not numbers are the caller's mistake", () => {
    expect(() => calculate("x", { variables: { x: "1" as never } })).toThrow(TypeError);
    expect(() => compile("x").evaluate({ x: {} as never })).toThrow(TypeError);
    expect(() => calculate("x", { variables: { x: 1.5 as never }, numbers: rational })).toThrow(TypeError);
  });
});

describe("own functions", () => {
  const functions: Record<string, OwnFunction<PythonValue>> = {
    double: { arity: 1, call: (value) => (typeof value === "bigint" ? value * 2n : Number(value) * 2) },
    clamp: { arity: [2, 3], cost: 1, call: (a, b) => (Number(a) < Number(b) ? Number(b) : Number(a)) },
    picky: {
      arity: 0,
      call: (): never => {
        throw new RangeError("not today");
      },
    },
    broken: {
      arity: 0,
      call: (): never => {
        throw new SyntaxError("a bug");
      },
    },
  };
  const calculator = createCalculator({ functions });

  test("get and give values of the number system", () => {
    expect(calculator.evaluate("double(21)")).toBe(42n);
    expect(calculator.evaluate("double(0.5) + clamp(1, 2)")).toBe(3);
    expect(compile("double(x)", { functions }).evaluate({ x: 4n })).toBe(8n);
  });

  test("are held to their arity", () => {
    expect(calculator.calculate("double()")).toMatchObject({ error: { code: "wrong-arity" } });
    expect(calculator.calculate("clamp(1,2,3,4)")).toMatchObject({
      error: { message: "clamp() takes 2 to 3 arguments (4 given)" },
    });
  });

  test("refuse with a RangeError; any other error is a bug and is not hidden", () => {
    expect(calculator.calculate("picky()")).toMatchObject({ error: { code: "domain", message: "not today" } });
    expect(() => calculator.calculate("broken()")).toThrow(SyntaxError);
  });

  test("cost what they say", () => {
    const dear = createCalculator({
      functions: { dear: { arity: 0, cost: 600, call: () => 1n } },
      limits: { maxWork: 1000 },
    });
    expect(dear.calculate("dear() + dear()")).toMatchObject({ error: { code: "limit-work" } });
  });

  test.each([
    ["abs(1) + abs(2)", 2],
    ["abs(1) if 0 else 2", 0],
    ["0 and abs(1)", 0],
    ["1 < 0 < abs(1)", 0],
    ["abs(1) / 0", 1],
    ["abs(1) +", 0],
    ["abs(1)(2)", 1],
  ])("%s calls one %i times: as often as it is evaluated", (text, wanted) => {
    let count = 0;
    const abs = { arity: 1, call: (): bigint => BigInt((count += 1)) };
    createCalculator({ functions: { abs } }).calculate(text);
    expect(count).toBe(wanted);
  });
});

test("the functions of Python's math are there when asked for", () => {
  const options = { functions: mathFunctions, constants: mathConstants };
  expect(textOf("sqrt(2)", options)).toBe("1.4142135623730951");
  expect(textOf("floor(-2.5) + ceil(2.1)", options)).toBe("0");
  expect(textOf("hypot(3, 4)", options)).toBe("5.0");
  expect(textOf("log(8, 2)", options)).toBe("3.0");
  expect(evaluate("cos(pi) + sin(0) + log10(1000)", options)).toBeCloseTo(2, 12);
  expect(textOf("log(0)", options)).toBe("domain");
  expect(textOf("sqrt(2)", {})).toBe("unknown-name");
});

const one = (): bigint => 1n;

describe("options are checked at the door", () => {
  test.each([
    [{ limits: { maxDepth: 0 } }, RangeError],
    [{ limits: { maxDepth: 1001 } }, RangeError],
    [{ limits: { maxWork: NaN } }, RangeError],
    [{ limits: { maxSize: 1 } }, TypeError],
    [{ dialect: "perl" }, TypeError],
    [{ color: true }, TypeError],
    [{ functions: { f: { arity: -1, call: one } } }, RangeError],
    [{ functions: { f: { arity: 1, cost: NaN, call: one } } }, RangeError],
    [{ functions: { f: { arity: 1 } } }, TypeError],
    [{ constants: { x: "1" } }, TypeError],
  ])("%j", (options, error) => {
    expect(() => createCalculator(options as never)).toThrow(error);
  });

  test.each([[{ precision: 0 }], [{ precision: 1001 }], [{ rounding: "odd" }], [{ digits: 3 }]])(
    "decimal(%j)",
    (options) => {
      expect(() => decimal(options as never)).toThrow(/must be|unknown option/);
    },
  );
});

describe("the calc dialect", () => {
  test.each([
    ["2^10", "1024"],
    ["2^3^2", "512"],
    ["-2^2", "-4"],
    ["5!", "120"],
    ["3!^2", "36"],
    ["0!", "1"],
    ["2 > 1 ? 10 : 20", "10"],
    ["0 ? 1 : 0 ? 2 : 3", "3"],
    ["6 × 7 ÷ 2 − 1", "20.0"],
    ["7 mod 3", "1"],
    ["7 div 2", "3"],
    ["1 && 0 || 2", "2"],
    ["true", "True"],
    ["3 != 4", "True"],
    ["2(3)", "not-callable"],
    ["1 | 2", "unexpected-token"],
    ["20000!", "limit-work"],
    ["50000!", "limit-integer-bits"],
    ["2.5!", "domain"],
    ["(", "unexpected-token"],
    ["(1", "unclosed-bracket"],
    ["", "empty"],
    ["1)", "unmatched-bracket"],
    ["1 = 1", "unexpected-token"],
    ["'a'", "unexpected-token"],
  ])("%s is %s", (text, wanted) => {
    expect(textOf(text, { dialect: "calc" })).toBe(wanted);
  });
});

test.each<[text: string, numbers: "rational" | "decimal", wanted: string]>([
  ["5!", "rational", "120"],
  ["(1/2 + 1/2)!", "rational", "1"],
  ["(1/2)!", "rational", "domain"],
  ["5.0!", "decimal", "120"],
  ["30!", "decimal", "2.652528598121910586363084800E+32"],
  ["2.5!", "decimal", "domain"],
  ["(-1)!", "decimal", "domain"],
  ["(1e18)!", "decimal", "limit-integer-bits"],
])("in the calc dialect %s is, with %s numbers, %s", (text, numbers, wanted) => {
  const outcome =
    numbers === "rational"
      ? createCalculator({ dialect: "calc", numbers: rational }).calculate(text)
      : createCalculator({ dialect: "calc", numbers: decimal() }).calculate(text);
  expect(outcome.ok ? outcome.text : outcome.error.code).toBe(wanted);
});

describe("rational numbers", () => {
  const calculator = createCalculator({ numbers: rational });
  test.each([
    ["1/3 + 1/6", "1/2"],
    ["0.1 + 0.2", "3/10"],
    ["1e-3", "1/1000"],
    ["7//2", "3"],
    ["-7//2", "-4"],
    ["7.5 % 2", "3/2"],
    ["-7 % 3", "2"],
    ["(2/3)**-2", "9/4"],
    ["round(2/3, 2)", "67/100"],
    ["round(5/2)", "2"],
    ["max(1/2, 1/3)", "1/2"],
    ["int(-7/2)", "-3"],
    ["1/3 < 0.3334", "True"],
    ["1/0", "division-by-zero"],
    ["2**0.5", "inexact"],
    ["1 & 1", "operand-type"],
    ["0**-1", "division-by-zero"],
    ["(-1)**1000001", "-1"],
  ])("%s is %s", (text, wanted) => {
    const outcome = calculator.calculate(text);
    expect(outcome.ok ? outcome.text : outcome.error.code).toBe(wanted);
  });

  test("take and give Rational values", () => {
    expect(calculator.evaluate("x / 2", { x: new Rational(1n, 3n) })).toEqual(new Rational(1n, 6n));
    expect(compile("x / 2", { numbers: rational }).evaluate({ x: new Rational(1n) })).toEqual(new Rational(1n, 2n));
    expect(() => new Rational(1n, 0n)).toThrow(RangeError);
  });
});

describe("decimal numbers", () => {
  test.each([
    ["0.1 + 0.2", "0.3"],
    ["1.20 + 1.30", "2.50"],
    ["1/3", "0.3333333333333333333333333333"],
    ["2**-3", "0.125"],
    ["7//-2", "-3"],
    ["-7 % 3", "-1"],
    ["1e3 + 0", "1000"],
    ["1e30", "1E+30"],
    ["0.000001 * 0.1", "1E-7"],
    ["sqrt(2)", "1.414213562373095048801688724"],
    ["round(2.675, 2)", "2.68"],
    ["round(2.665, 2)", "2.66"],
    ["1.1 ** 1000", "2.469932918005826334124088385E+41"],
    ["int(2.7)", "2"],
    ["2.5 == 2.50", "True"],
    ["1/0", "division-by-zero"],
    ["2 ** 0.5", "inexact"],
    ["sqrt(-1)", "domain"],
  ])("%s is %s", (text, wanted) => {
    const outcome = createCalculator({ numbers: decimal() }).calculate(text);
    expect(outcome.ok ? outcome.text : outcome.error.code).toBe(wanted);
  });

  test.each([
    ["up", "0.67", "-0.67"],
    ["down", "0.66", "-0.66"],
    ["half-up", "0.67", "-0.67"],
    ["half-down", "0.67", "-0.67"],
    ["half-even", "0.67", "-0.67"],
    ["ceiling", "0.67", "-0.66"],
    ["floor", "0.66", "-0.67"],
    ["05up", "0.66", "-0.66"],
  ] as const)("2/3 rounds %s to %s, and -2/3 to %s", (rounding, positive, negative) => {
    const calculator = createCalculator({ numbers: decimal({ precision: 2, rounding }) });
    expect([String(calculator.evaluate("2/3")), String(calculator.evaluate("-2/3"))]).toEqual([positive, negative]);
  });

  test("take and give Decimal values", () => {
    const value = createCalculator({ numbers: decimal() }).evaluate("x * 3", { x: new Decimal(false, 125n, -2) });
    expect(value).toEqual(new Decimal(false, 375n, -2));
  });
});

test("a tree is frozen, knows its spans, and is walked operands first", () => {
  const tree = parse("1 + abs(x)");
  expect(Object.isFrozen(tree)).toBe(true);
  const seen: string[] = [];
  walk(tree, (node) => seen.push(`${node.type} ${node.start}-${node.end}`));
  expect(seen).toEqual(["number 0-1", "name 4-7", "name 8-9", "call 4-10", "binary 0-10"]);
});

test.each([
  ["(1+2)*3-(4-5)", "(1 + 2) * 3 - (4 - 5)"],
  ["((-2))**2", "(-2) ** 2"],
  ["2**(-1)", "2 ** -1"],
  ["(2**3)**4", "(2 ** 3) ** 4"],
  ["not(a and b)or c", "not (a and b) or c"],
  ["(1 if 2 else 3)if 4 else 5", "(1 if 2 else 3) if 4 else 5"],
  ["(a<b)<c", "(a < b) < c"],
  ["max( 1,2 )", "max(1, 2)"],
])("%s is formatted as %s", (text, wanted) => {
  expect(format(parse(text))).toBe(wanted);
});

test("a compiled expression may be asked for a value by its own functions and by getters among its variables", () => {
  const compiled: Compiled<PythonValue> = compile("inner(x) + x", {
    functions: { inner: { arity: 1, call: (x) => (x === 1n ? 1n : compiled.evaluate({ x: 1n })) } },
  });
  expect(compiled.evaluate({ x: 5n })).toBe(7n);
  const doubled = compile("x + x");
  const variables = {
    get x(): PythonValue {
      return doubled.evaluate({ x: 0.5 });
    },
  };
  expect(doubled.evaluate({ x: 2n })).toBe(4n);
  expect(doubled.evaluate(variables)).toBe(2);
});

test("a variable whose getter gives another type each time has one value in one evaluation", () => {
  let count = 0;
  const variables = {
    get x(): PythonValue {
      count += 1;
      return count % 2 === 0 ? count : BigInt(count);
    },
  };
  const compiled = compile("x - x");
  for (let round = 0; round < 5; round++) expect(Number(compiled.evaluate(variables))).toBe(0);
});
