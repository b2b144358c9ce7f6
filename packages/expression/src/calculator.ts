import { attempt } from "./attempt.ts";
import { evaluateTree, type Scope } from "./evaluate-tree.ts";
import { ExpressionError } from "./expression-error.ts";
import { limitsFrom, type Limits } from "./limits.ts";
import { Run, type NumberSystem, type SystemFunction } from "./number-system.ts";
import { ownFunction, type OwnFunction } from "./own-function.ts";
import { parseExpression } from "./parser.ts";
import type { Dialect, ExplainSyntax, Language } from "./scanner.ts";
import { explainPythonSyntax } from "./python-syntax.ts";
import { python } from "./python.ts";
import type { PythonValue } from "./python-value.ts";
import type { Expression, Span } from "./syntax-tree.ts";
import { freezeTree } from "./walk-tree.ts";

/** How a calculator reads and computes. `Value` is what the number system gives. */
export interface CalculatorOptions<Value = PythonValue> {
  /** `python` (default), or `calc`: `^` is power, `!` factorial, `c ? a : b`, `× ÷ −`. */
  readonly dialect?: Dialect;
  /** `python` (default), `rational` or `decimal()`. */
  // What a system computes with inside is its own affair.
  readonly numbers?: NumberSystem<any, Value>;
  /** Functions beside the number system's own, by name. */
  readonly functions?: Readonly<Record<string, OwnFunction<NoInfer<Value>>>>;
  /** Names that always have a value. */
  readonly constants?: Variables<NoInfer<Value>>;
  /**
   * `explainPythonSyntax` gives syntax errors CPython's words and places. Default: none, and a few plain words; it is a
   * third of the package's size, so that whoever wants it names it. `evaluate` and `calculate` have it.
   */
  readonly explain?: ExplainSyntax;
  /** Limits other than the defaults. */
  readonly limits?: Partial<Limits>;
}

/** Values for the names of one expression. They are copied in; nothing of the object is reachable from the expression. */
export type Variables<Value> = Readonly<Record<string, Value>>;

/** What a text came to. */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value; readonly text: string }
  | { readonly ok: false; readonly error: ExpressionError };

/** One language, one arithmetic, one set of names and limits. Holds no state between expressions. */
export interface Calculator<Value> {
  /** The value of an expression. @throws {ExpressionError} when it has none. */
  evaluate(text: string, variables?: Variables<Value>): Value;
  /** The value of an expression and its text as Python's `str` prints it, or the error. Never throws for any text. */
  calculate(text: string, variables?: Variables<Value>): Outcome<Value>;
}

/** A calculator to keep: its options are checked and its names are gathered once. @throws {TypeError | RangeError} for options that cannot work. */
export function createCalculator<Value = PythonValue>(options: CalculatorOptions<Value> = {}): Calculator<Value> {
  const { language, constants, ...names } = prepare(options);
  const { system } = names;
  const plainScope: Scope<unknown> = { ...names, variables: constants };
  const scopeOf = (given: Variables<Value> | undefined): Scope<unknown> =>
    given === undefined ? plainScope : { ...names, variables: copyValues(system, given, new Map(constants)) };
  // What a caller's function does beside giving a value happens only where the walk comes by, and once.
  const isPure = names.functions === system.functions;
  const answer = <Answer>(
    text: string,
    variables: Variables<Value> | undefined,
    present: (run: Run, at: Span, value: unknown) => Answer,
  ): Answer => {
    const scope = scopeOf(variables);
    const found = isPure ? attempt(text, language, scope, present) : undefined;
    if (found !== undefined) return found;
    const tree = parseExpression(text, language);
    const run = new Run(text, language.limits);
    return present(run, tree, evaluateTree(run, scope, tree));
  };
  const toValue = (_run: Run, _at: Span, value: unknown): Value => system.toPublic(value);
  const toOutcome = (run: Run, at: Span, value: unknown): Outcome<Value> => ({
    ok: true,
    value: system.toPublic(value),
    text: system.toText(run, at, value),
  });
  return {
    evaluate: (text, variables) => answer(text, variables, toValue),
    calculate: (text, variables) => outcomeOf(() => answer(text, variables, toOutcome)),
  };
}

/**
 * The frozen tree of a text, with the span of every node.
 * @throws {ExpressionError} when the text is not an expression.
 */
export function parse(
  text: string,
  {
    dialect = "python",
    limits,
    explain = explainPythonSyntax,
  }: Pick<CalculatorOptions, "dialect" | "limits" | "explain"> = {},
): Expression {
  return freezeTree(text, parseExpression(text, { dialect, limits: limitsFrom(limits), explain }));
}

/** What `work` gives, or the expression's error as a value. */
export function outcomeOf<Value>(work: () => Outcome<Value>): Outcome<Value> {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExpressionError) return { ok: false, error };
    throw error;
  }
}

/** Options, checked. */
export interface Prepared<Value> {
  readonly language: Language;
  readonly system: NumberSystem<unknown, Value>;
  readonly functions: ReadonlyMap<string, SystemFunction<unknown>>;
  readonly constants: ReadonlyMap<string, unknown>;
}

export function prepare<Value>(options: CalculatorOptions<Value>): Prepared<Value> {
  for (const name of Object.keys(options)) {
    if (!knownOptions.has(name)) throw new TypeError(`unknown option ${JSON.stringify(name)}`);
  }
  const { dialect = "python", functions = {}, constants = {}, explain } = options;
  if (dialect !== "python" && dialect !== "calc") {
    throw new TypeError(`dialect is ${JSON.stringify(dialect)}, must be "python" or "calc"`);
  }
  const system = (options.numbers ?? python) as NumberSystem<unknown, Value>;
  const own = Object.entries(functions).map(
    ([name, definition]) => [name, ownFunction(system, name, definition)] as const,
  );
  return {
    language: { dialect, limits: limitsFrom(options.limits), explain },
    system,
    functions: own.length === 0 ? system.functions : new Map([...system.functions, ...own]),
    constants: copyValues(system, constants, new Map()),
  };
}

const knownOptions = new Set(["dialect", "numbers", "functions", "constants", "explain", "limits"]);

/** Values by name as the number system holds them. */
export function copyValues<Internal, Value>(
  system: NumberSystem<Internal, Value>,
  values: Variables<Value>,
  target: Map<string, Internal>,
): Map<string, Internal> {
  for (const [name, value] of Object.entries(values)) target.set(name, system.fromPublic(value));
  return target;
}

/** Everything that `evaluate` and `calculate` can be told about one expression. */
export interface EvaluateOptions<Value = PythonValue> extends CalculatorOptions<Value> {
  readonly variables?: Variables<NoInfer<Value>>;
}

/**
 * The value of one expression. With options beside `variables` it makes a calculator each time; keep one of
 * `createCalculator` for many.
 * @throws {ExpressionError} when it has none.
 */
export function evaluate<Value = PythonValue>(text: string, options?: EvaluateOptions<Value>): Value {
  return calculatorFor(options).evaluate(text, options?.variables);
}

/** The value of one expression and its text, or the error: the same as `evaluate`, for input that may be wrong. */
export function calculate<Value = PythonValue>(text: string, options?: EvaluateOptions<Value>): Outcome<Value> {
  return calculatorFor(options).calculate(text, options?.variables);
}

let plain: Calculator<PythonValue> | undefined;

function calculatorFor<Value>(options: EvaluateOptions<Value> | undefined): Calculator<Value> {
  if (options === undefined || Object.keys(options).every((name) => name === "variables")) {
    return (plain ??= createCalculator({ explain: explainPythonSyntax })) as Calculator<Value>;
  }
  const { variables: _, ...rest } = options;
  return createCalculator({ explain: explainPythonSyntax, ...rest });
}
