import { parse, renderError, walk, type Span } from "@tallyline/expression";
import { calculatorFor, type Language } from "./language.ts";

/** What the server answered. */
export interface Reply {
  readonly answer: string;
  /** For an error: the user's own line with carets under what is wrong, when that can be told. */
  readonly place: string | undefined;
}

/**
 * Questions that build on one another: in each, `ans` is the last result. The answers are the server's alone; the language
 * is what to point at the place of an error by, and to tell the name `ans` from three letters in a comment.
 */
export class Conversation {
  readonly #askServer: (expression: string) => Promise<string>;
  readonly #language: Language;
  /** The last result as an operand; undefined before the first, and after one that is no number. */
  #ans: string | undefined;

  constructor(askServer: (expression: string) => Promise<string>, language: Language = {}) {
    this.#askServer = askServer;
    this.#language = language;
  }

  /** Asks the server, and rejects as that does. */
  async ask(line: string): Promise<Reply> {
    const answer = await this.#askServer(this.#ans === undefined ? line : this.#withAns(line, this.#ans));
    if (answer.startsWith("Error: ")) return { answer, place: this.#placeOf(line, answer) };
    this.#ans = operandOf(answer.replace("Result: ", ""));
    return { answer, place: undefined };
  }

  /** The line with the operand in the place of each `ans`; a line that is no expression stays what it is. */
  #withAns(line: string, operand: string): string {
    const places: Span[] = [];
    try {
      walk(parse(line, { dialect: this.#language.dialect ?? "python" }), (node) => {
        if (node.type === "name" && node.name === "ans") places.push(node);
      });
    } catch {
      return line; // the server will say why
    }
    let end = 0;
    const parts = places.flatMap((place) => {
      const before = line.slice(end, place.start);
      ({ end } = place);
      return [before, operand];
    });
    return parts.join("") + line.slice(end);
  }

  /** Where the line is wrong, provided that it is wrong here in the very words of the server. */
  #placeOf(line: string, answer: string): string | undefined {
    const calculator = calculatorFor(this.#language);
    const ans = calculator.calculate(this.#ans ?? "");
    const outcome = calculator.calculate(line, ans.ok ? { ans: ans.value } : {});
    if (outcome.ok || answer !== `Error: ${outcome.error.pythonMessage}`) return undefined;
    const [, ...lines] = renderError(outcome.error).split("\n"); // the first has the message, which the answer is
    return lines.join("\n");
  }
}

/** A result as an operand that is worth the same, or undefined for the text of a server that has other results. */
function operandOf(result: string): string | undefined {
  const literal = namedFloats.get(result) ?? result;
  return isNumber.test(literal) ? `(${literal})` : undefined;
}

/** Floats that Python prints as names, which expressions do not know. */
const namedFloats: ReadonlyMap<string, string> = new Map([
  ["inf", "1e400"],
  ["-inf", "-1e400"],
  ["nan", "1e400-1e400"],
]);

/** `-4`, `2.5`, `1e+16`, `1E+3`, `-1/3`, `True`. */
const isNumber = /^(?:-?\d+(?:\.\d*)?(?:e[+-]?\d+)?(?:\/\d+)?|True|False|1e400-1e400)$/i;
