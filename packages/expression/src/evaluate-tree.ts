// The walk: a tree and a number system to a value. Recursion is bounded by the parser's `maxDepth`, except along left
// operands, where a sum of thousands of terms leans; past a few levels those are walked in a loop.

import type { NumberSystem, Run, SystemFunction } from "./number-system.ts";
import type { BinaryExpression, CallExpression, Expression, UnsupportedExpression } from "./syntax-tree.ts";

/** What names mean, and in which arithmetic. */
export interface Scope<Internal> {
  readonly system: NumberSystem<Internal, unknown>;
  readonly variables: ReadonlyMap<string, Internal>;
  readonly functions: ReadonlyMap<string, SystemFunction<Internal>>;
}

/** The value of a tree. @throws {ExpressionError} where it has none. */
export function evaluateTree<Internal>(run: Run, scope: Scope<Internal>, tree: Expression): Internal {
  return walk(run, scope, tree, 0);
}

/** This deep, left operands are no longer recursed into but taken in a loop, which costs an array. */
const leftDepth = 64;

function walk<Internal>(run: Run, scope: Scope<Internal>, node: Expression, depth: number): Internal {
  const { system } = scope;
  switch (node.type) {
    case "number":
      return system.literal(run, node);
    case "binary": {
      if (depth >= leftDepth && node.left.type === "binary") return walkLeftSpine(run, scope, node, depth);
      const left = walk(run, scope, node.left, depth + 1);
      return system.binary(run, node, left, walk(run, scope, node.right, depth + 1));
    }
    case "unary":
      return system.unary(run, node, walk(run, scope, node.operand, depth + 1));
    case "name":
      return variable(run, scope, node.name, node);
    case "call":
      return call(run, scope, node, depth);
    case "boolean":
      return system.boolean(node.value);
    case "comparison": {
      let left = walk(run, scope, node.operands[0]!, depth + 1);
      for (const [index, operator] of node.operators.entries()) {
        const right = walk(run, scope, node.operands[index + 1]!, depth + 1);
        if (!system.compare(operator, left, right)) return system.boolean(false);
        left = right;
      }
      return system.boolean(true);
    }
    case "logical": {
      const last = node.operands.length - 1;
      for (let index = 0; index < last; index++) {
        const value = walk(run, scope, node.operands[index]!, depth + 1);
        if (system.isTrue(value) === (node.operator === "or")) return value;
      }
      return walk(run, scope, node.operands[last]!, depth + 1);
    }
    case "conditional":
      return system.isTrue(walk(run, scope, node.condition, depth + 1))
        ? walk(run, scope, node.consequent, depth + 1)
        : walk(run, scope, node.alternate, depth + 1);
    case "unsupported":
      for (const operand of node.operands) walk(run, scope, operand, depth + 1);
      return refuseConstruct(run, node);
  }
}

function walkLeftSpine<Internal>(run: Run, scope: Scope<Internal>, top: BinaryExpression, depth: number): Internal {
  const spine = leftSpine(top);
  let value = walk(run, scope, spine.at(-1)!.left, depth + 1);
  for (let index = spine.length - 1; index >= 0; index--) {
    const node = spine[index]!;
    value = scope.system.binary(run, node, value, walk(run, scope, node.right, depth + 1));
  }
  return value;
}

/** The binary nodes from this one down along left operands, the lowest last. */
export function leftSpine(top: BinaryExpression): BinaryExpression[] {
  const spine = [top];
  for (let node = top.left; node.type === "binary"; node = node.left) spine.push(node);
  return spine;
}

/** The value of a name. Names are looked up in Maps only: no object's members are reachable. */
export function variable<Internal>(run: Run, scope: Scope<Internal>, name: string, at: Expression): Internal {
  const value = scope.variables.get(name);
  if (value !== undefined) return value;
  if (scope.functions.has(name)) {
    return run.fail("operand-type", `'${name}' is a function, not a number`, at, { hint: `call it: ${name}(…)` });
  }
  return refuseName(run, scope, name, at);
}

function call<Internal>(run: Run, scope: Scope<Internal>, node: CallExpression, depth: number): Internal {
  const target = callTarget(run, scope, node);
  if (typeof target === "function") {
    return target(
      run,
      node,
      node.arguments.map((argument) => walk(run, scope, argument, depth + 1)),
    );
  }
  const callee = walk(run, scope, node.callee, depth + 1);
  for (const argument of node.arguments) walk(run, scope, argument, depth + 1);
  return refuseCall(run, scope, node, callee);
}

/** The function that a call means, or undefined where it calls a value. */
export function callTarget<Internal>(
  run: Run,
  scope: Scope<Internal>,
  { callee }: CallExpression,
): SystemFunction<Internal> | undefined {
  if (callee.type !== "name") return undefined;
  if (scope.variables.has(callee.name)) return undefined;
  return scope.functions.get(callee.name) ?? refuseName(run, scope, callee.name, callee);
}

/** What is valid Python and has no value here. */
export function refuseConstruct(run: Run, node: UnsupportedExpression): never {
  const details =
    node.construct === "a tuple" ? { hint: "write 1.5 with a point, and 1000 or 1_000 without a comma" } : {};
  return run.fail("unsupported-syntax", `${node.construct} cannot be used in an expression here`, node, details);
}

/** Numbers cannot be called. */
export function refuseCall<Internal>(run: Run, scope: Scope<Internal>, node: CallExpression, callee: Internal): never {
  const hint = "write '*' between two values to multiply them";
  return run.fail("not-callable", `'${scope.system.typeName(callee)}' object is not callable`, node, { hint });
}

function refuseName<Internal>(run: Run, scope: Scope<Internal>, name: string, at: Expression): never {
  return run.fail("unknown-name", `name '${name}' is not defined`, at, {
    knownNames: () => new Set([...scope.variables.keys(), ...Object.keys(run.given), ...scope.functions.keys()]),
  });
}
