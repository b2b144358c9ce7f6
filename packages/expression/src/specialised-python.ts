// One compiled expression over Python's numbers, and which of its programs fits the variables at hand.

import type { Raw } from "./compile-binary.ts";
import { Compiler, type Kind, type Program } from "./compile-python.ts";
import type { Scope } from "./evaluate-tree.ts";
import { runTape } from "./float-tape.ts";
import * as integer from "./integer.ts";
import type { Run } from "./number-system.ts";
import { floatQuotient } from "./python-arithmetic.ts";
import { fromPublic, toPublic, type PythonInternal, type PythonValue } from "./python-value.ts";
import type { Expression } from "./syntax-tree.ts";
import { namesIn } from "./walk-tree.ts";

type Given = Readonly<Record<string, unknown>>;

/** Keeps one program for each combination of types that it meets. */
export class SpecialisedPython {
  private readonly tree: Expression;
  private readonly scope: Scope<PythonInternal>;
  private readonly names: readonly string[];
  private readonly startRun: (given: Given) => Run;
  private readonly programs = new Map<string, Program>();
  private program: Program | undefined;
  /** Whether registers are being filled: a getter among the variables may ask for a value in the midst of it. */
  private isFilling = false;

  constructor(tree: Expression, scope: Scope<PythonInternal>, startRun: (given: Given) => Run) {
    this.tree = tree;
    this.scope = scope;
    this.names = namesIn(tree);
    this.startRun = startRun;
  }

  /** The value for callers. Only what can spend work or fail needs a run, and floats nearly never do. */
  publicValue(given: Given): PythonValue {
    const { program } = this;
    const tape = program?.tape();
    if (tape && this.isFilledFor(program!.kinds, tape.registers, given)) {
      const failed = runTape(tape);
      if (failed < 0) return tape.registers[tape.registers.length - 1]!;
      floatQuotient(this.startRun(given), tape.places[failed]!, 1, 0);
    }
    return toPublic(this.value(this.startRun(given), given));
  }

  value(run: Run, given: Given): PythonInternal {
    let program = this.program;
    let slots = program && this.filled(program, given);
    if (program === undefined || slots === undefined) {
      program = this.programFor(this.names.map((name) => kindOf(valueOf(given, name))));
      slots = this.filled(program, given)!;
      this.program = program;
    }
    return program.code(run, slots);
  }

  private programFor(kinds: readonly Kind[]): Program {
    const key = kinds.join();
    let found = this.programs.get(key);
    if (found === undefined) {
      found = new Compiler(this.scope, this.startRun({}), this.names, kinds).program(this.tree);
      if (this.programs.size >= maxPrograms) this.programs.clear();
      this.programs.set(key, found);
    }
    return found;
  }

  /** The slots of the current program with these values, or undefined where their types are not the program's. */
  private filled(current: Program, given: Given): Raw[] | undefined {
    const { names } = this;
    const { kinds } = current;
    const slots = current.slots.slice();
    for (let index = 0; index < names.length; index++) {
      const value = valueOf(given, names[index]!);
      if (kindOf(value) !== kinds[index]) return undefined;
      if (value !== undefined) slots[index] = typeof value === "bigint" ? integer.toInteger(value) : (value as Raw);
    }
    return slots;
  }

  /** Whether the variables have these types, with their values in the registers. */
  private isFilledFor(kinds: readonly Kind[], registers: Float64Array, given: Given): boolean {
    if (this.isFilling) return false;
    this.isFilling = true;
    try {
      const { names } = this;
      for (let index = 0; index < names.length; index++) {
        const value = valueOf(given, names[index]!);
        if (typeof value === "number" && kinds[index] === "float") registers[index] = value;
        else if (value !== undefined || kinds[index] !== "none") return false;
      }
      return true;
    } finally {
      this.isFilling = false;
    }
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
