// Random texts against every promise at once: `node --conditions=@tallyline/source bench/fuzz.ts [count] [seed]`.
// Nothing but an outcome may come back, nothing may take long, evaluated while read, walked and compiled must agree, and
// no object may change.

import {
  calculate,
  compile,
  createCalculator,
  decimal,
  ExpressionError,
  explainPythonSyntax,
  rational,
} from "@tallyline/expression";

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);

let state = seed;
/** Lehmer's generator: the same texts for the same seed on every machine. */
const below = (limit: number): number => (state = (state * 48271) % 2147483647) % limit;

const pieces = [
  ...Array.from("0123456789+-*/%()., \t\n^&|~<>=!?:;@#$'\"\\[]{}_abeExXoOjJ\0é×١\ud800"),
  "**",
  "//",
  "<<",
  ">>",
  "==",
  "!=",
  "<=",
  "and",
  "or",
  "not",
  "if",
  "else",
  "True",
  "False",
  "lambda",
  "for",
  "in",
  "abs(",
  "max(",
  "pow(",
  "round(",
  "int(",
  "__proto__",
  "constructor",
  "1e400",
  "9**9**9",
  "(1)",
  "1.5",
  "2",
  "0x1f",
  "10**400",
  " 7 ",
  " + ",
  " * ",
  " ** ",
  " if 1 else ",
  "x",
  "print",
  "__import__('os')",
];

/** Pieces of which no two may fit: what the scanner and the parser have to refuse. */
function soup(): string {
  let text = "";
  for (let length = 1 + below(18); length > 0; length--) text += pieces[below(pieces.length)];
  return text;
}

const operands =
  "0 1 2 3 7 10 64 1.5 0.1 2.5e-3 1e308 1e400 5e-324 0x1f 1_000 9007199254740993 True False (10**30) x".split(" ");
const operators = "+ - * / // % ** & | ^ << >> < <= == != > >= and or @".split(" ");
const functions = ["abs", "int", "float", "round", "pow", "max", "min", ""];

/** Most of these are expressions, of which most have a value. */
function expression(depth: number): string {
  switch (depth === 0 ? 0 : below(8)) {
    case 0:
      return operands[below(operands.length)]!;
    case 1:
      return `(${expression(depth - 1)})`;
    case 2:
      return `${["-", "+", "~", "not "][below(4)]}${expression(depth - 1)}`;
    case 3:
      return `${functions[below(functions.length)]}(${expression(depth - 1)}, ${expression(depth - 1)})`;
    case 4:
      return `(${expression(depth - 1)} if ${expression(depth - 1)} else ${expression(depth - 1)})`;
    default:
      return `${expression(depth - 1)} ${operators[below(operators.length)]} ${expression(depth - 1)}`;
  }
}

const calculators = [
  { name: "calc", calculator: createCalculator({ dialect: "calc" }) },
  { name: "rational", calculator: createCalculator({ numbers: rational }) },
  { name: "decimal", calculator: createCalculator({ numbers: decimal() }) },
];

// A function of the caller's, called or not, has a calculator walk a tree.
const walking = createCalculator({
  explain: explainPythonSyntax,
  functions: { zzzzzzzzzzzz: { arity: 0, call: () => 0n } },
});

const describe = (outcome: ReturnType<typeof calculate>): string =>
  outcome.ok ? outcome.text : `${outcome.error.code} ${outcome.error.pythonMessage} ${outcome.error.span.start}`;

function compiledOutcome(text: string): ReturnType<typeof calculate> {
  try {
    return compile(text, { explain: explainPythonSyntax }).calculate();
  } catch (error) {
    if (error instanceof ExpressionError) return { ok: false, error };
    throw error;
  }
}

let slowest = 0;
let values = 0;
const start = process.cpuUsage();
for (let index = 0; index < count; index++) {
  const text = index % 2 === 0 ? soup() : expression(1 + below(4));
  const before = process.cpuUsage();
  const outcome = calculate(text);
  const spent = process.cpuUsage(before);
  const elapsedMs = (spent.user + spent.system) / 1000;
  if (elapsedMs > slowest) {
    slowest = elapsedMs;
    console.log(`${elapsedMs.toFixed(1)} ms of CPU time: ${JSON.stringify(text)}`);
  }
  if (outcome.ok) values += 1;
  const [read, walked, compiled] = [outcome, walking.calculate(text), compiledOutcome(text)].map(describe);
  if (read !== walked || walked !== compiled) {
    throw new Error(`${JSON.stringify(text)} is ${read}, walked ${walked}, compiled ${compiled}`);
  }
  const { calculator } = calculators[index % calculators.length]!;
  calculator.calculate(text as never);
}
if (Object.keys(Object.prototype).length > 0) throw new Error("Object.prototype has been changed");
const { user, system } = process.cpuUsage(start);
console.log(
  `${count} texts of seed ${seed}: ${values} values, slowest ${slowest.toFixed(1)} ms, ${((user + system) / 1e6).toFixed(0)} s of CPU time`,
);
