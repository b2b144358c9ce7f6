import type { createProgram } from "@tallyline/program";
import { Option } from "commander";
import { dialects, functionSets, numberSystems, type Language } from "./language.ts";

type Program = ReturnType<typeof createProgram>;

/** Adds the flags that say what expressions mean. */
export function addLanguageFlags(program: Program): Program {
  return program
    .addOption(choice("--numbers <system>", "what numbers are", numberSystems))
    .addOption(choice("--dialect <name>", "how expressions are written", dialects))
    .addOption(choice("--functions <set>", "what can be called beside abs, max, round and the like", functionSets));
}

function choice(flag: string, description: string, values: readonly string[]): Option {
  return new Option(flag, description).choices(values).default(values[0]);
}

/** Ends the program, as for any flag that makes no sense, where flags do not go together. */
export function checkLanguage(program: Program, { numbers, functions }: Required<Language>): void {
  if (functions === "math" && numbers !== "python") {
    program.error(`error: option '--functions math' needs '--numbers python', not '--numbers ${numbers}'`);
  }
}
