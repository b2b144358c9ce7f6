import { copyValues, outcomeOf, prepare, type CalculatorOptions, type Outcome, type Variables } from "./calculator.ts";
import { evaluateTree, type Scope } from "./evaluate-tree.ts";
import { Run, type NumberSystem } from "./number-system.ts";
import { parseExpression } from "./parser.ts";
import { python } from "./python.ts";
import { SpecialisedPython } from "./specialised-python.ts";
import type { PythonInternal, PythonValue } from "./python-value.ts";
import type { Expression } from "./syntax-tree.ts";
import { freezeTree, namesIn } from "./walk-tree.ts";

/** An expression made ready to be evaluated many times. */
export interface Compiled<Value> {
  /** The frozen tree. */
  readonly tree: Expression;
  /** The names in it that are not called, each once, in order of appearance. */
  readonly names: readonly string[];
  /** Its value for these variables. @throws {ExpressionError} when it has none. */
  evaluate(variables?: Variables<Value>): Value;
  /** Its value for these variables, or the error. */
  calculate(variables?: Variables<Value>): Outcome<Value>;
}

/**
 * Reads an expression once, for many evaluations: the same values and the same errors as `evaluate` of the same text.
 * With the `python` numbers it is specialised to the types of the variables as they are seen. No code is generated.
 * @throws {ExpressionError} when the text is not an expression.
 */
export function compile<Value = PythonValue>(text: string, options: CalculatorOptions<Value> = {}): Compiled<Value> {
  const { language, constants, ...names } = prepare(options);
  const { system } = names;
  const tree = freezeTree(text, parseExpression(text, language));
  const scope: Scope<unknown> = { ...names, variables: constants };
  const startRun = (variables: object) => new Run(text, language.limits, variables);
  const program = isPython(system)
    ? (new SpecialisedPython(tree, scope as Scope<PythonInternal>, startRun) as Program)
    : walking(tree, scope, startRun);
  return {
    tree,
    names: namesIn(tree),
    evaluate: (variables = {}) => program.publicValue(variables) as Value,
    calculate: (variables = {}) =>
      outcomeOf(() => {
        const run = startRun(variables);
        const value = program.value(run, variables);
        return { ok: true, value: system.toPublic(value), text: system.toText(run, tree, value) };
      }),
  };
}

interface Program {
  /** What `evaluate` gives. */
  publicValue(variables: Variables<unknown>): unknown;
  /** The value inside of the number system. */
  value(run: Run, variables: Variables<unknown>): unknown;
}

function isPython(system: NumberSystem<unknown, unknown>): boolean {
  return (system as unknown) === python;
}

/** The exact systems spend their time in arithmetic, not in the walk. */
function walking(tree: Expression, scope: Scope<unknown>, startRun: (variables: object) => Run): Program {
  const { system } = scope;
  const value = (run: Run, given: Variables<unknown>) => {
    const variables = copyValues(system, given, new Map(scope.variables));
    return evaluateTree(run, { ...scope, variables }, tree);
  };
  return { value, publicValue: (given) => system.toPublic(value(startRun(given), given)) };
}
