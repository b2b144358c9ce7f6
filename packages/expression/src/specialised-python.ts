// One compiled expression over Python's numbers, and which of its programs fits the variables at hand.

import { Compiler, type Kind } from "./compile-python.ts";
import type { Scope } from "./evaluate-tree.ts";
import type { Run } from "./number-system.ts";
import { execute, type Given, type Program, type Registers } from "./python-program.ts";
import { Float, fromPublic, toPublic, type PythonInternal, type PythonValue } from "./python-value.ts";
import type { Expression } from "./syntax-tree.ts";
import { namesIn } from "./walk-tree.ts";

/** Keeps one program for each combination of types that it meets. */
export class SpecialisedPython {
  private readonly tree: Expression;
  private readonly scope: Scope<PythonInternal>;
  private readonly names: readonly string[];
  private readonly startRun: (given: Given) => Run;
  private readonly programs = new Map<string, Program>();
  private kinds: readonly Kind[] = [];
  private program: Program | undefined;
  /** Whether a program has its registers in use: a getter among the variables, or a function, may ask for a value. */
  private isBusy = false;

  constructor(tree: Expression, scope: Scope<PythonInternal>, startRun: (given: Given) => Run) {
    this.tree = tree;
    this.scope = scope;
    this.names = namesIn(tree);
    this.startRun = startRun;
  }

  /** The value for callers. */
  publicValue(given: Given): PythonValue {
    const { isFloat, result, registers } = this.executed(given, undefined);
    return isFloat ? registers.floats[result]! : toPublic(registers.values[result]!);
  }

  value(run: Run, given: Given): PythonInternal {
    const { isFloat, result, registers } = this.executed(given, run);
    return isFloat ? new Float(registers.floats[result]!) : registers.values[result]!;
  }

  /** The program for these variables, with its value in its registers. */
  private executed(given: Given, run: Run | undefined): Program {
    if (this.isBusy) return new SpecialisedPython(this.tree, this.scope, this.startRun).executed(given, run);
    this.isBusy = true;
    try {
      let { program } = this;
      if (program === undefined || !this.isFilled(program.registers, given)) {
        // A copy: a getter may give another type each time.
        const values = this.names.map((name) => valueOf(given, name));
        program = this.programFor(values.map(kindOf));
        this.isFilled(program.registers, Object.fromEntries(this.names.map((name, index) => [name, values[index]])));
      }
      execute(program, this.startRun, given, run);
      return program;
    } finally {
      this.isBusy = false;
    }
  }

  private programFor(kinds: readonly Kind[]): Program {
    const key = kinds.join();
    let found = this.programs.get(key);
    if (found === undefined) {
      found = new Compiler(this.scope, this.startRun({}), this.names, kinds).program(this.tree);
      if (this.programs.size >= maxPrograms) this.programs.clear();
      this.programs.set(key, found);
    }
    this.kinds = kinds;
    this.program = found;
    return found;
  }

  /** Whether the variables have the types of the program at hand, with their values in its registers. */
  private isFilled({ floats, values }: Registers, given: Given): boolean {
    const { names, kinds } = this;
    for (let index = 0; index < names.length; index++) {
      const value = valueOf(given, names[index]!);
      if (typeof value === "number" && kinds[index] === "float") floats[index] = value;
      else if (kindOf(value) !== kinds[index]) return false;
      else if (value !== undefined) values[index] = fromPublic(value);
    }
    return true;
  }
}

/** Only what is the object's own: `constructor` and the like are no variables. */
function valueOf(given: Given, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
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
