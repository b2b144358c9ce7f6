import { calculate, compile, evaluate } from "@tallyline/expression";
import { importPeer, versionOf } from "../engine/peer-packages.ts";

type Variables = Readonly<Record<string, number>>;

export interface Evaluator {
  readonly name: string;
  readonly configuration: string;
  once(text: string): unknown;
  readonly prepare?: (text: string) => (variables: Variables) => unknown;
}

/** Those that generate no code. */
export const PEERS = ["mathjs", "expr-eval", "jsep", "fparser", "cel-js"];
export const GENERATING = ["new Function", "eval"];

export async function evaluators(): Promise<Evaluator[]> {
  const mathjs = await importPeer("mathjs");
  const { Parser } = (await importPeer("expr-eval")).default;
  const expressionEval = (await importPeer("expression-eval")).default;
  const { default: Formula } = await importPeer("fparser");
  const cel = await importPeer("@marcbachmann/cel-js");
  // CEL keeps ints and floats apart without converting; its texts get a point in every number.
  const celText = (text: string) => text.replaceAll(/(?<![\w.])\d+(?![\w.])/g, "$&.0");
  return [
    {
      name: "expression",
      configuration: "evaluate, compile",
      once: (text) => evaluate(text),
      prepare: (text) => {
        const compiled = compile(text);
        return (variables) => compiled.evaluate(variables);
      },
    },
    { name: "expression, to text", configuration: "calculate", once: (text) => calculate(text) },
    {
      name: "mathjs",
      configuration: versionOf("mathjs"),
      once: (text) => mathjs.evaluate(text),
      prepare: (text) => {
        const code = mathjs.compile(text);
        return (variables) => code.evaluate(variables);
      },
    },
    {
      name: "expr-eval",
      configuration: versionOf("expr-eval"),
      once: (text) => Parser.evaluate(text),
      prepare: (text) => {
        const expression = new Parser().parse(text);
        return (variables) => expression.evaluate(variables);
      },
    },
    {
      name: "jsep",
      configuration: `${versionOf("jsep")}, with ${versionOf("expression-eval")}`,
      once: (text) => expressionEval.eval(expressionEval.parse(text), {}),
      prepare: (text) => {
        const tree = expressionEval.parse(text);
        return (variables) => expressionEval.eval(tree, variables);
      },
    },
    {
      name: "fparser",
      configuration: versionOf("fparser"),
      once: (text) => Formula.calc(text, {}),
      prepare: (text) => {
        const formula = new Formula(text.replaceAll(/\b[xy]\b/g, "[$&]"));
        return (variables) => formula.evaluate(variables);
      },
    },
    {
      name: "cel-js",
      configuration: versionOf("@marcbachmann/cel-js"),
      once: (text) => cel.evaluate(celText(text), {}),
      prepare: (text) => {
        const program = cel.parse(celText(text));
        return (variables) => program(variables);
      },
    },
    {
      name: "new Function",
      configuration: "generates code",
      // Generating code is what is measured here, on texts of our own.
      // oxlint-disable-next-line no-implied-eval
      once: (text) => new Function(`return ${text}`)(),
      prepare: (text) => {
        // oxlint-disable-next-line no-implied-eval
        const run = new Function("x", "y", `return ${text}`);
        return ({ x, y }) => run(x, y);
      },
    },
    {
      name: "eval",
      configuration: "generates code", // oxlint-disable-next-line no-eval
      once: (text) => (0, eval)(text),
    },
  ];
}
