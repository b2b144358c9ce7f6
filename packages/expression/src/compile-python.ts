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
import { binaryPart, boxed, type Code, type Part, type Raw } from "./compile-binary.ts";
import { floatTape, type FloatTape } from "./float-tape.ts";
import type { Slots } from "./fused-floats.ts";
import type { Integer } from "./integer.ts";
import type { Run } from "./number-system.ts";
import * as arithmetic from "./python-arithmetic.ts";
import { Float, type PythonInternal } from "./python-value.ts";
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

/** A specialised expression. */
export interface Program {
  /** The types of the variables that it is for. */
  readonly kinds: readonly Kind[];
  /** What the slots hold before the variables are put in. */
  readonly slots: readonly Raw[];
  readonly code: Code<PythonInternal>;
  /** The same for an expression of nothing but floats; made when first asked for, as a single evaluation does not. */
  readonly tape: () => FloatTape | false;
}

/** The type of a variable; `none` is a name without a value. */
export type Kind = "int" | "float" | "bool" | "none";

/** From this many terms on, a sum is computed in a loop: a closure in a closure for each would overflow the stack. */
const longSpine = 16;

/** Makes the program for one combination of types. */
export class Compiler {
  readonly #scope: Scope<PythonInternal>;
  readonly #foldingRun: Run;
  readonly #slotOf: ReadonlyMap<string, number>;
  readonly #kinds: readonly Kind[];
  readonly #slots: Raw[];

  constructor(scope: Scope<PythonInternal>, foldingRun: Run, names: readonly string[], kinds: readonly Kind[]) {
    this.#scope = scope;
    this.#foldingRun = foldingRun;
    this.#slotOf = new Map(names.map((name, index) => [name, index]));
    this.#kinds = kinds;
    // A fraction as placeholder makes an array of float64s from the start; one of small integers would be copied when
    // the first float is put in, at each evaluation.
    this.#slots = kinds.map((kind) => (kind === "float" ? 0.5 : 0));
  }

  program(tree: Expression): Program {
    const part = this.part(tree);
    let tape: FloatTape | false | undefined;
    return {
      kinds: this.#kinds,
      slots: this.#slots,
      code: boxed(part),
      tape: () => (tape ??= floatTape(part, this.#slots) ?? false),
    };
  }

  part(node: Expression): Part {
    switch (node.type) {
      case "number":
        if (node.isInteger && node.nearest > Number.MAX_SAFE_INTEGER) {
          return { kind: "any", code: (run) => python.literal(run, node) };
        }
        return node.isInteger ? this.#constant(node.nearest) : this.#constant(new Float(node.nearest));
      case "boolean":
        return this.#constant(node.value);
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
    if (constant !== undefined) return this.#constant(constant);
    return { kind: "any", code: (run) => variableOf(run, this.#scope, node.name, node) };
  }

  #unary(node: UnaryExpression): Part {
    const operand = this.part(node.operand);
    return this.#folded([operand], this.#unaryPart(node, operand));
  }

  #unaryPart(node: UnaryExpression, operand: Part): Part {
    if (operand.kind === "float" && node.operator === "-") {
      const { code } = operand;
      const negated = { operator: "negate", at: node, left: operand, right: operand } as const;
      return { kind: "float", code: (run, slots) => -code(run, slots), operation: negated };
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
    const slot = isLong ? this.#slots.push(0) - 1 : 0;
    let left = this.part(spine[0]!.left);
    for (const node of spine) {
      const right = this.part(node.right);
      left = this.#folded([left, right], binaryPart(node, left, right));
      if (!isLong || left.constant !== undefined) continue;
      steps.push(left.code as Code<Raw>);
      left = { ...left, ...slotPart(left.kind, slot), isStep: true } as Part;
    }
    if (steps.length === 0) return left;
    const code: Code<Raw> = (run, slots) => {
      for (const step of steps) slots[slot] = step(run, slots);
      return slots[slot]!;
    };
    return { ...left, code, slot: undefined } as Part;
  }

  #comparison(node: ComparisonExpression): Part {
    const operands = node.operands.map((operand) => this.part(operand));
    const { operators } = node;
    const [left, right] = operands as [Part, Part];
    if (operators.length === 1 && left.kind !== "any" && right.kind !== "any") {
      const operator = operators[0]!;
      const [a, b] = [left.code, right.code];
      const code = (run: Run, slots: Slots) => arithmetic.compareValues(operator, a(run, slots), b(run, slots));
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
    const [condition, consequent, alternate] = parts.map(boxed) as [
      Code<PythonInternal>,
      Code<PythonInternal>,
      Code<PythonInternal>,
    ];
    const code = (run: Run, slots: Slots) =>
      arithmetic.isTrue(condition(run, slots)) ? consequent(run, slots) : alternate(run, slots);
    return this.#folded(parts, unboxedAs(commonKind(parts.slice(1)), code));
  }

  #call(node: CallExpression): Part {
    const values = node.arguments.map((argument) => boxed(this.part(argument)));
    const { callee } = node;
    const isVariable =
      callee.type === "name" && this.#slotOf.has(callee.name) && this.#kinds[this.#slotOf.get(callee.name)!] !== "none";
    if (callee.type === "name" && !isVariable && !this.#scope.variables.has(callee.name)) {
      const target = this.#scope.functions.get(callee.name);
      if (target === undefined) return { kind: "any", code: (run) => callTarget(run, this.#scope, node) as never };
      return {
        kind: "any",
        code: (run, slots) =>
          target(
            run,
            node,
            values.map((value) => value(run, slots)),
          ),
      };
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

  #constant(value: PythonInternal): Part {
    const slot = this.#slots.push(value instanceof Float ? value.value : value) - 1;
    if (value instanceof Float) return { kind: "float", code: () => value.value, constant: value.value, slot };
    if (typeof value === "boolean") return { kind: "bool", code: () => value, constant: value, slot };
    return { kind: "int", code: () => value, constant: value, slot };
  }

  /** The part's value where all that it is made of is constant, and where it has one: errors stay for the run. */
  #folded(operands: readonly Part[], part: Part): Part {
    if (operands.some(({ constant }) => constant === undefined)) return part;
    const workBefore = this.#foldingRun.workLeft;
    try {
      const value = boxed(part)(this.#foldingRun, this.#slots);
      // Work has to count against every run's budget, or a compiled expression could do more than a walked one.
      if (this.#foldingRun.workLeft === workBefore) return this.#constant(value);
    } catch {
      // The same error comes again, each time it is evaluated.
    }
    return part;
  }
}

function slotPart(kind: Part["kind"], slot: number): Part {
  return { kind, code: (_run: Run, slots: Slots) => slots[slot], slot } as Part;
}

function unboxedAs(kind: Part["kind"], code: Code<PythonInternal>): Part {
  if (kind === "float") return { kind, code: (run, slots) => (code(run, slots) as Float).value };
  return { kind, code } as Part;
}

function commonKind(parts: readonly Part[]): Part["kind"] {
  const [first] = parts;
  return parts.every(({ kind }) => kind === first!.kind) ? first!.kind : "any";
}
