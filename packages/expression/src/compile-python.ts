// Expressions over Python's numbers as closures, one for each node, specialised to the types of the variables. Given
// those, the type of nearly every node is known beforehand: floats need no box, and nothing is asked at run time.
// Where a type depends on the values (`2 ** n` may be an int or a float) a node gives boxed values and its users ask.

import {
  callTarget,
  leftSpine,
  refuseCall,
  refuseConstruct,
  variable as variableOf,
  type Scope,
} from "./evaluate-tree.ts";
import * as integer from "./integer.ts";
import type { Integer } from "./integer.ts";
import type { Run } from "./number-system.ts";
import * as arithmetic from "./python-arithmetic.ts";
import { Float, fromPublic, type PythonInternal } from "./python-value.ts";
import { python } from "./python.ts";
import type {
  BinaryExpression,
  CallExpression,
  ComparisonExpression,
  ConditionalExpression,
  Expression,
  LogicalExpression,
  NameExpression,
  UnaryExpression,
} from "./syntax-tree.ts";
import { namesIn } from "./walk-tree.ts";

/** Values of the variables, in the order of their names, and behind them what long sums keep between their terms. */
type Slots = Raw[];
type Raw = Integer | boolean;
type Code<Result> = (run: Run, slots: Slots) => Result;

/** A closure and what it gives: an unboxed int, float or bool, or a boxed value of a type that only the run will tell. */
type Part =
  | { readonly kind: "int"; readonly code: Code<Integer>; readonly constant?: Integer }
  | { readonly kind: "float"; readonly code: Code<number>; readonly constant?: number }
  | { readonly kind: "bool"; readonly code: Code<boolean>; readonly constant?: boolean }
  | { readonly kind: "any"; readonly code: Code<PythonInternal>; readonly constant?: undefined };

/** `none` is a name without a value. */
type Kind = "int" | "float" | "bool" | "none";

/** A function from variables to a value that keeps one program for each combination of types that it meets. */
export function specialisedPython(
  tree: Expression,
  scope: Scope<PythonInternal>,
  foldingRun: Run,
): (run: Run, variables: Readonly<Record<string, unknown>>) => PythonInternal {
  const names = namesIn(tree);
  const programs = new Map<string, Code<PythonInternal>>();
  let lastKinds: Kind[] = [];
  let program: Code<PythonInternal> | undefined;

  return (run, variables) => {
    const slots: Slots = [];
    let isSame = program !== undefined;
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!;
      const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
      const kind = kindOf(given);
      slots.push(kind === "int" ? integer.toInteger(given as bigint) : (given as Raw));
      if (lastKinds[index] !== kind) {
        if (isSame) lastKinds = lastKinds.slice();
        isSame = false;
        lastKinds[index] = kind;
      }
    }
    if (!isSame) {
      const key = lastKinds.join();
      program = programs.get(key);
      if (program === undefined) {
        const compiler = new Compiler(scope, foldingRun, new Map(names.map((name, index) => [name, index])), lastKinds);
        program = boxed(compiler.part(tree));
        if (programs.size >= maxPrograms) programs.clear();
        programs.set(key, program);
      }
    }
    return program!(run, slots);
  };
}

/** Each is a copy of the expression; a caller who mixes types at random should not pay for it in memory. */
const maxPrograms = 16;

function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case "number":
      return "float";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    case "undefined":
      return "none";
    default:
      fromPublic(value);
      return "none";
  }
}

/** From this many terms on, a sum is computed in a loop: a closure in a closure for each would overflow the stack. */
const longSpine = 64;

class Compiler {
  readonly #scope: Scope<PythonInternal>;
  readonly #foldingRun: Run;
  readonly #slotOf: ReadonlyMap<string, number>;
  readonly #kinds: readonly Kind[];
  #slotCount: number;

  constructor(
    scope: Scope<PythonInternal>,
    foldingRun: Run,
    slotOf: ReadonlyMap<string, number>,
    kinds: readonly Kind[],
  ) {
    this.#scope = scope;
    this.#foldingRun = foldingRun;
    this.#slotOf = slotOf;
    this.#kinds = kinds;
    this.#slotCount = kinds.length;
  }

  part(node: Expression): Part {
    switch (node.type) {
      case "number":
        if (node.isInteger && node.nearest > Number.MAX_SAFE_INTEGER) {
          return { kind: "any", code: (run) => python.literal(run, node) };
        }
        return node.isInteger ? constantPart(node.nearest) : constantPart(new Float(node.nearest));
      case "boolean":
        return constantPart(node.value);
      case "name":
        return this.#name(node);
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#spine(node);
      case "comparison":
        return this.#comparison(node);
      case "logical":
        return this.#logical(node);
      case "conditional":
        return this.#conditional(node);
      case "call":
        return this.#call(node);
      case "unsupported": {
        const operands = node.operands.map((operand) => this.part(operand).code);
        return {
          kind: "any",
          code: (run, slots) => {
            for (const code of operands) code(run, slots);
            return refuseConstruct(run, node);
          },
        };
      }
    }
  }

  #name(node: NameExpression): Part {
    const slot = this.#slotOf.get(node.name)!;
    const kind = this.#kinds[slot]!;
    if (kind !== "none") return slotPart(kind, slot);
    const constant = this.#scope.variables.get(node.name);
    if (constant !== undefined) return constantPart(constant);
    return { kind: "any", code: (run) => variableOf(run, this.#scope, node.name, node) };
  }

  #unary(node: UnaryExpression): Part {
    const operand = this.part(node.operand);
    return this.#folded([operand], this.#unaryPart(node, operand));
  }

  #unaryPart(node: UnaryExpression, operand: Part): Part {
    if (operand.kind === "float" && node.operator === "-") {
      const { code } = operand;
      return { kind: "float", code: (run, slots) => -code(run, slots) };
    }
    const code = boxed(operand);
    const unboxed = (run: Run, slots: Slots) => arithmetic.unary(run, node, code(run, slots));
    if (node.operator === "not") return { kind: "bool", code: unboxed as Code<boolean> };
    const isInt = operand.kind === "int" || operand.kind === "bool" || node.operator === "~" || node.operator === "!";
    if (isInt) return { kind: "int", code: unboxed as Code<Integer> };
    return operand.kind === "float" ? operand : { kind: "any", code: unboxed };
  }

  /** Left operands lean as deep as a sum is long, so they are taken in a loop here, and when long also at run time. */
  #spine(top: BinaryExpression): Part {
    const spine = leftSpine(top).toReversed();
    const isLong = spine.length > longSpine;
    const steps: Code<Raw>[] = [];
    const slot = isLong ? this.#slotCount++ : 0;
    let left = this.part(spine[0]!.left);
    for (const node of spine) {
      const right = this.part(node.right);
      left = this.#folded([left, right], binaryPart(node, left, right));
      if (!isLong || left.constant !== undefined) continue;
      steps.push(left.code as Code<Raw>);
      left = slotPart(left.kind, slot);
    }
    if (steps.length === 0) return left;
    const code: Code<Raw> = (run, slots) => {
      for (const step of steps) slots[slot] = step(run, slots);
      return slots[slot]!;
    };
    return { kind: left.kind, code } as Part;
  }

  #comparison(node: ComparisonExpression): Part {
    const operands = node.operands.map((operand) => this.part(operand));
    const { operators } = node;
    const [left, right] = operands as [Part, Part];
    if (operators.length === 1 && left.kind !== "any" && right.kind !== "any") {
      const operator = operators[0]!;
      const [a, b] = [left.code, right.code];
      const code = (run: Run, slots: Slots) =>
        arithmetic.compareValues(operator, a(run, slots) as Raw, b(run, slots) as Raw);
      return this.#folded(operands, { kind: "bool", code });
    }
    const codes = operands.map(boxed);
    const code = (run: Run, slots: Slots) => {
      let value = codes[0]!(run, slots);
      for (let index = 0; index < operators.length; index++) {
        const next = codes[index + 1]!(run, slots);
        if (!arithmetic.compare(operators[index]!, value, next)) return false;
        value = next;
      }
      return true;
    };
    return this.#folded(operands, { kind: "bool", code });
  }

  #logical(node: LogicalExpression): Part {
    const operands = node.operands.map((operand) => this.part(operand));
    const codes = operands.map(boxed);
    const isOr = node.operator === "or";
    const last = codes.length - 1;
    const code = (run: Run, slots: Slots) => {
      for (let index = 0; index < last; index++) {
        const value = codes[index]!(run, slots);
        if (arithmetic.isTrue(value) === isOr) return value;
      }
      return codes[last]!(run, slots);
    };
    return this.#folded(operands, unboxedAs(commonKind(operands), code));
  }

  #conditional(node: ConditionalExpression): Part {
    const parts = [node.condition, node.consequent, node.alternate].map((each) => this.part(each));
    const [condition, consequent, alternate] = parts.map(boxed) as [Code<PythonInternal>, Code<PythonInternal>, Code<PythonInternal>];
    const code = (run: Run, slots: Slots) =>
      arithmetic.isTrue(condition(run, slots)) ? consequent(run, slots) : alternate(run, slots);
    return this.#folded(parts, unboxedAs(commonKind(parts.slice(1)), code));
  }

  #call(node: CallExpression): Part {
    const values = node.arguments.map((argument) => boxed(this.part(argument)));
    const { callee } = node;
    const isVariable = callee.type === "name" && this.#slotOf.has(callee.name) && this.#kinds[this.#slotOf.get(callee.name)!] !== "none";
    if (callee.type === "name" && !isVariable && !this.#scope.variables.has(callee.name)) {
      const target = this.#scope.functions.get(callee.name);
      if (target === undefined) return { kind: "any", code: (run) => callTarget(run, this.#scope, node) as never };
      return { kind: "any", code: (run, slots) => target(run, node, values.map((value) => value(run, slots))) };
    }
    const calleeCode = boxed(this.part(callee));
    return {
      kind: "any",
      code: (run, slots) => {
        const value = calleeCode(run, slots);
        for (const argument of values) argument(run, slots);
        return refuseCall(run, this.#scope, node, value);
      },
    };
  }

  /** The part's value where all that it is made of is constant, and where it has one: errors stay for the run. */
  #folded(operands: readonly Part[], part: Part): Part {
    if (operands.some(({ constant }) => constant === undefined)) return part;
    const workBefore = this.#foldingRun.workLeft;
    try {
      const value = boxed(part)(this.#foldingRun, []);
      // Work has to count against every run's budget, or a compiled expression could do more than a walked one.
      if (this.#foldingRun.workLeft === workBefore) return constantPart(value);
    } catch {
      // The same error comes again, each time it is evaluated.
    }
    return part;
  }
}

function constantPart(value: PythonInternal): Part {
  if (value instanceof Float) return { kind: "float", code: () => value.value, constant: value.value };
  if (typeof value === "boolean") return { kind: "bool", code: () => value, constant: value };
  return { kind: "int", code: () => value, constant: value };
}

function slotPart(kind: Part["kind"], slot: number): Part {
  return { kind, code: (_run: Run, slots: Slots) => slots[slot] } as Part;
}

/** The part's code with its floats in boxes. */
function boxed({ kind, code }: Part): Code<PythonInternal> {
  return kind === "float" ? (run, slots) => new Float(code(run, slots)) : code;
}

function unboxedAs(kind: Part["kind"], code: Code<PythonInternal>): Part {
  if (kind === "float") return { kind, code: (run, slots) => (code(run, slots) as Float).value };
  return { kind, code } as Part;
}

function commonKind(parts: readonly Part[]): Part["kind"] {
  const [first] = parts;
  return parts.every(({ kind }) => kind === first!.kind) ? first!.kind : "any";
}

function binaryPart(node: BinaryExpression, left: Part, right: Part): Part {
  if (left.kind === "int" && right.kind === "int") return intPart(node, left.code, right.code, right.constant);
  if (left.kind === "float" && right.kind === "float") return floatPart(node, left.code, right.code) ?? anyPart(node, left, right);
  if (left.kind === "float" && right.kind === "int") return mixedPart(node, left, right) ?? anyPart(node, left, right);
  if (left.kind === "int" && right.kind === "float") return mixedPart(node, left, right) ?? anyPart(node, left, right);
  return anyPart(node, left, right);
}

function anyPart(node: BinaryExpression, left: Part, right: Part): Part {
  const [a, b] = [boxed(left), boxed(right)];
  return { kind: "any", code: (run, slots) => arithmetic.binary(run, node, a(run, slots), b(run, slots)) };
}

function intPart(node: BinaryExpression, a: Code<Integer>, b: Code<Integer>, constant: Integer | undefined): Part {
  switch (node.operator) {
    case "+":
      return { kind: "int", code: (run, slots) => integer.add(run, node, a(run, slots), b(run, slots)) };
    case "-":
      return { kind: "int", code: (run, slots) => integer.subtract(run, node, a(run, slots), b(run, slots)) };
    case "*":
      return { kind: "int", code: (run, slots) => integer.multiply(run, node, a(run, slots), b(run, slots)) };
    case "/":
      return { kind: "float", code: (run, slots) => arithmetic.intQuotient(run, node, a(run, slots), b(run, slots)) };
    case "//":
      return { kind: "int", code: (run, slots) => arithmetic.intFloorDivide(run, node, a(run, slots), b(run, slots)) };
    case "%":
      return { kind: "int", code: (run, slots) => arithmetic.intModulo(run, node, a(run, slots), b(run, slots)) };
    case "**":
      if (constant !== undefined && constant >= 0) {
        return { kind: "int", code: (run, slots) => integer.power(run, node, a(run, slots), constant) };
      }
      return { kind: "any", code: (run, slots) => arithmetic.binary(run, node, a(run, slots), b(run, slots)) };
    default: {
      const code = (run: Run, slots: Slots) => arithmetic.binary(run, node, a(run, slots), b(run, slots));
      return { kind: "int", code: code as Code<Integer> };
    }
  }
}

function floatPart(node: BinaryExpression, a: Code<number>, b: Code<number>): Part | undefined {
  switch (node.operator) {
    case "+":
      return { kind: "float", code: (run, slots) => a(run, slots) + b(run, slots) };
    case "-":
      return { kind: "float", code: (run, slots) => a(run, slots) - b(run, slots) };
    case "*":
      return { kind: "float", code: (run, slots) => a(run, slots) * b(run, slots) };
  }
  const operation = floatOperations.get(node.operator);
  return operation && { kind: "float", code: (run, slots) => operation(run, node, a(run, slots), b(run, slots)) };
}

/** One int and one float: both are evaluated before the int is converted, which may be an error. */
function mixedPart(node: BinaryExpression, left: Part, right: Part): Part | undefined {
  const operation = floatOperations.get(node.operator);
  if (operation === undefined) return undefined;
  if (typeof left.constant === "number" && left.kind === "int") {
    return floatPart(node, left.code as Code<number>, right.code as Code<number>);
  }
  if (typeof right.constant === "number" && right.kind === "int") {
    return floatPart(node, left.code as Code<number>, right.code as Code<number>);
  }
  const [a, b] = [left.code as Code<Integer>, right.code as Code<Integer>];
  const code = (run: Run, slots: Slots) => {
    const [x, y] = [a(run, slots), b(run, slots)];
    return operation(run, node, floatOf(run, node, x), floatOf(run, node, y));
  };
  return { kind: "float", code };
}

/** A float, or a small int as it is: both are JavaScript numbers already. */
function floatOf(run: Run, node: BinaryExpression, value: Integer): number {
  return typeof value === "number" ? value : arithmetic.toFloat(run, node, value);
}

type FloatOperation = (run: Run, node: BinaryExpression, left: number, right: number) => number;

const floatOperations: ReadonlyMap<string, FloatOperation> = new Map<string, FloatOperation>([
  ["+", (_run, _node, left, right) => left + right],
  ["-", (_run, _node, left, right) => left - right],
  ["*", (_run, _node, left, right) => left * right],
  ["/", arithmetic.floatQuotient],
  ["//", arithmetic.floatFloor],
  ["%", arithmetic.floatRemainder],
  ["**", arithmetic.floatRaise],
]);
