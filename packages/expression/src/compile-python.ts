// From a tree to a program for the types that its variables have. Given those, which nodes are floats is known beforehand.

import {
  callTarget,
  leftSpine,
  refuseCall,
  refuseConstruct,
  variable as variableOf,
  type Scope,
} from "./evaluate-tree.ts";
import type { Run } from "./number-system.ts";
import * as arithmetic from "./python-arithmetic.ts";
import * as Program from "./python-program.ts";
import { Float, type PythonInternal } from "./python-value.ts";
import { python } from "./python.ts";
import type {
  BinaryExpression,
  CallExpression,
  ComparisonExpression,
  ComparisonOperator,
  Expression,
  NameExpression,
  UnaryExpression,
} from "./syntax-tree.ts";

/** The type of a variable; `none` is a name without a value. */
export type Kind = "int" | "float" | "bool" | "none";

/** Where a value is: among the floats, among the values, or, when it is known beforehand, in both. */
interface Operand {
  readonly register: number;
  readonly isFloat: boolean;
  readonly constant?: PythonInternal;
}

/** Makes the program for one combination of types. */
export class Compiler {
  readonly #scope: Scope<PythonInternal>;
  readonly #foldingRun: Run;
  readonly #registerOf: ReadonlyMap<string, number>;
  readonly #kinds: readonly Kind[];
  readonly #code: number[] = [];
  readonly #notes: Program.Note[] = [];
  readonly #floats: number[];
  readonly #values: PythonInternal[];

  constructor(scope: Scope<PythonInternal>, foldingRun: Run, names: readonly string[], kinds: readonly Kind[]) {
    this.#scope = scope;
    this.#foldingRun = foldingRun;
    this.#registerOf = new Map(names.map((name, index) => [name, index]));
    this.#kinds = kinds;
    this.#floats = kinds.map(() => 0);
    this.#values = kinds.map(() => 0);
  }

  program(tree: Expression): Program.Program {
    const { register, isFloat } = this.#operand(tree);
    return {
      code: Int32Array.from(this.#code),
      notes: this.#notes,
      registers: { floats: Float64Array.from(this.#floats), values: this.#values },
      result: register,
      isFloat,
    };
  }

  #operand(node: Expression): Operand {
    switch (node.type) {
      case "number":
        if (node.isInteger && node.nearest > Number.MAX_SAFE_INTEGER)
          return this.#apply((run: Run) => python.literal(run, node), node);
        return this.#constant(node.isInteger ? node.nearest : new Float(node.nearest));
      case "boolean":
        return this.#constant(node.value);
      case "name":
        return this.#name(node);
      case "unary":
        return this.#unary(node, this.#operand(node.operand));
      case "binary": {
        // Left operands lean as deep as a sum is long, so they are taken in a loop.
        const spine = leftSpine(node).toReversed();
        let left = this.#operand(spine[0]!.left);
        for (const each of spine) left = this.#binary(each, left, this.#operand(each.right));
        return left;
      }
      case "comparison":
        return this.#comparison(node);
      case "logical": {
        const target = this.#register();
        const jumps = node.operands.map((operand) => {
          this.#moveTo(target, operand);
          return this.#emit(node.operator === "or" ? Program.JumpIf : Program.JumpUnless, node, 0, target);
        });
        for (const jump of jumps) this.#land(jump);
        return { register: target, isFloat: false };
      }
      case "conditional": {
        const target = this.#register();
        const toAlternate = this.#emit(Program.JumpUnless, node, 0, this.#value(node.condition));
        this.#moveTo(target, node.consequent);
        const toEnd = this.#emit(Program.Jump, node);
        this.#land(toAlternate);
        this.#moveTo(target, node.alternate);
        this.#land(toEnd);
        return { register: target, isFloat: false };
      }
      case "call":
        return this.#call(node);
      case "unsupported":
        for (const operand of node.operands) this.#operand(operand);
        return this.#apply(refuseConstruct, node);
    }
  }

  #name(node: NameExpression): Operand {
    const register = this.#registerOf.get(node.name)!;
    const kind = this.#kinds[register]!;
    if (kind !== "none") return { register, isFloat: kind === "float" };
    const constant = this.#scope.variables.get(node.name);
    if (constant !== undefined) return this.#constant(constant);
    return this.#apply((run: Run) => variableOf(run, this.#scope, node.name, node), node);
  }

  #unary(node: UnaryExpression, operand: Operand): Operand {
    const { constant, isFloat, register } = operand;
    if (constant !== undefined) {
      const folded = this.#folded((run) => arithmetic.unary(run, node, constant));
      if (folded !== undefined) return folded;
    }
    if (!isFloat || node.operator !== "-") return this.#apply(arithmetic.unary, node, operand);
    const target = this.#register();
    this.#emit(Program.Negate, node, target, register);
    return { register: target, isFloat: true };
  }

  #binary(node: BinaryExpression, left: Operand, right: Operand): Operand {
    const [a, b] = [left.constant, right.constant];
    if (a !== undefined && b !== undefined) {
      const folded = this.#folded((run) => arithmetic.binary(run, node, a, b));
      if (folded !== undefined) return folded;
    }
    const operation = floatOperations.get(node.operator);
    const isFloat = left.isFloat || right.isFloat;
    if (operation !== undefined && isFloat && isNumber(left) && isNumber(right)) {
      const target = this.#register();
      this.#emit(operation, node, target, left.register, right.register);
      return { register: target, isFloat: true };
    }
    const result = this.#apply(arithmetic.binary, node, left, right);
    // With a float the result is one, or an error; so is any quotient.
    if (node.operator !== "/" && !(isFloat && arithmetic.isArithmetic(node.operator))) return result;
    this.#emit(Program.Unbox, node, result.register, result.register);
    return { register: result.register, isFloat: true };
  }

  #comparison(node: ComparisonExpression): Operand {
    const target = this.#register();
    const jumps: number[] = [];
    let left = this.#value(node.operands[0]!);
    for (const [index, operator] of node.operators.entries()) {
      const right = this.#value(node.operands[index + 1]!);
      this.#emit(Program.Apply, node, target, left, right, comparison(operator));
      jumps.push(this.#emit(Program.JumpUnless, node, 0, target));
      left = right;
    }
    for (const jump of jumps) this.#land(jump);
    return { register: target, isFloat: false };
  }

  #call(node: CallExpression): Operand {
    const { callee } = node;
    const isValue =
      callee.type !== "name" ||
      this.#scope.variables.has(callee.name) ||
      (this.#kinds[this.#registerOf.get(callee.name) ?? -1] ?? "none") !== "none";
    const target = isValue ? undefined : this.#scope.functions.get(callee.name);
    if (!isValue && target === undefined) {
      return this.#apply((run: Run) => callTarget(run, this.#scope, node) as never, node);
    }
    const value = isValue ? this.#operand(callee) : undefined;
    const operands = node.arguments.map((argument) => this.#value(argument));
    if (value !== undefined) {
      return this.#apply(
        (run: Run, _: never, called: never) => refuseCall(run, this.#scope, node, called),
        node,
        value,
      );
    }
    const first = this.#values.length;
    for (const operand of operands) this.#emit(Program.Move, node, this.#register(), operand);
    const result = this.#register();
    this.#emit(Program.Call, node, result, first, result, target);
    return { register: result, isFloat: false };
  }

  /** An instruction that leaves what a function gives in a register. */
  #apply(applied: Program.Applied, node: Expression, left?: Operand, right?: Operand): Operand {
    const [a, b] = [
      left === undefined ? 0 : this.#boxed(node, left),
      right === undefined ? 0 : this.#boxed(node, right),
    ];
    const register = this.#register();
    this.#emit(Program.Apply, node, register, a, b, applied);
    return { register, isFloat: false };
  }

  #constant(constant: PythonInternal): Operand {
    const isFloat = constant instanceof Float;
    return { register: this.#register(Number(isFloat ? constant.value : constant), constant), isFloat, constant };
  }

  /** What the work gives, where it gives anything: errors stay for the run. */
  #folded(work: (run: Run) => PythonInternal): Operand | undefined {
    const workBefore = this.#foldingRun.workLeft;
    try {
      const value = work(this.#foldingRun);
      // Work has to count against every run's budget, or a compiled expression could do more than a walked one.
      return this.#foldingRun.workLeft === workBefore ? this.#constant(value) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The register among the values that holds what a node is worth. */
  #value(node: Expression): number {
    return this.#boxed(node, this.#operand(node));
  }

  #boxed(node: Expression, { register, isFloat, constant }: Operand): number {
    if (!isFloat || constant !== undefined) return register;
    const target = this.#register();
    this.#emit(Program.Box, node, target, register);
    return target;
  }

  #moveTo(target: number, node: Expression): void {
    this.#emit(Program.Move, node, target, this.#value(node));
  }

  #register(float = 0, value: PythonInternal = 0): number {
    this.#floats.push(float);
    return this.#values.push(value) - 1;
  }

  /** @returns where the instruction is. */
  #emit(operation: number, node: Expression, target = 0, left = 0, right = 0, applied?: Program.Applied): number {
    this.#notes.push({ node, applied });
    return this.#code.push(operation, target, left, right) - 4;
  }

  /** Has a jump go to where the next instruction will be. */
  #land(jump: number): void {
    this.#code[jump + 1] = this.#code.length;
  }
}

/** Whether it can be taken for a float as it is: a small int that is known can. */
function isNumber({ isFloat, constant }: Operand): boolean {
  return isFloat || typeof constant === "number";
}

const floatOperations: ReadonlyMap<string, number> = new Map([
  ["+", Program.Add],
  ["-", Program.Subtract],
  ["*", Program.Multiply],
  ["/", Program.Divide],
]);

function comparison(operator: ComparisonOperator): Program.Applied {
  return (_run: Run, _node: Expression, left: PythonInternal, right: PythonInternal) =>
    arithmetic.compare(operator, left, right);
}
