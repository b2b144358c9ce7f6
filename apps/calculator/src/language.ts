import {
  createCalculator,
  decimal,
  explainPythonSyntax,
  mathConstants,
  mathFunctions,
  rational,
  type Calculator,
} from "@tallyline/expression";

/** What expressions mean. */
export interface Language {
  /** `python` (default): ints of any size and float64; `decimal`: 28 digits; `rational`: exact fractions. */
  readonly numbers?: (typeof numberSystems)[number];
  /** `python` (default), or `calc`, in which `^` is power and `!` factorial. */
  readonly dialect?: (typeof dialects)[number];
  /** `math`: the functions and constants of Python's module, for the `python` numbers only. Default `none`. */
  readonly functions?: (typeof functionSets)[number];
}

/** The choices of a language, its defaults first. */
export const numberSystems = ["python", "decimal", "rational"] as const;
export const dialects = ["python", "calc"] as const;
export const functionSets = ["none", "math"] as const;

/** The calculator of a language. @throws {TypeError} when its functions are not for its numbers. */
export function calculatorFor({
  numbers = "python",
  dialect = "python",
  functions = "none",
}: Language): Calculator<unknown> {
  const language = { dialect, explain: explainPythonSyntax };
  if (functions === "math") {
    if (numbers !== "python") throw new TypeError(`math functions are for python numbers, not for ${numbers}`);
    const calculator = createCalculator({ ...language, functions: mathFunctions, constants: mathConstants });
    return calculator;
  }
  if (numbers === "decimal") return createCalculator({ ...language, numbers: decimal() });
  if (numbers === "rational") return createCalculator({ ...language, numbers: rational });
  return createCalculator(language);
}
