// Random texts against every promise at once: `node --conditions=@tallyline/source bench/fuzz.ts [count] [seed]`.
// Nothing but an outcome may come back, nothing may take long, walk and compiled must agree, and no object may change.

import { calculate, compile, createCalculator, decimal, ExpressionError, rational } from "@tallyline/expression";

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

const calculators = [
  { name: "calc", calculator: createCalculator({ dialect: "calc" }) },
  { name: "rational", calculator: createCalculator({ numbers: rational }) },
  { name: "decimal", calculator: createCalculator({ numbers: decimal() }) },
];

const describe = (outcome: ReturnType<typeof calculate>): string =>
  outcome.ok ? outcome.text : `${outcome.error.code} ${outcome.error.pythonMessage} ${outcome.error.span.start}`;

let slowest = 0;
let values = 0;
const start = process.cpuUsage();
for (let index = 0; index < count; index++) {
  let text = "";
  for (let length = 1 + below(18); length > 0; length--) text += pieces[below(pieces.length)];
  const before = performance.now();
  const outcome = calculate(text);
  const elapsed = performance.now() - before;
  if (elapsed > slowest) {
    slowest = elapsed;
    console.log(`${elapsed.toFixed(1)} ms: ${JSON.stringify(text)}`);
  }
  if (outcome.ok) {
    values += 1;
    const compiled = describe(compile(text).calculate());
    if (compiled !== outcome.text) throw new Error(`${JSON.stringify(text)} is ${outcome.text}, compiled ${compiled}`);
  } else if (!(outcome.error instanceof ExpressionError))
    throw new Error(`not an ExpressionError for ${JSON.stringify(text)}`);
  const { calculator } = calculators[index % calculators.length]!;
  calculator.calculate(text as never);
}
if (Object.keys(Object.prototype).length > 0) throw new Error("Object.prototype has been changed");
const { user, system } = process.cpuUsage(start);
console.log(
  `${count} texts of seed ${seed}: ${values} values, slowest ${slowest.toFixed(1)} ms, ${((user + system) / 1e6).toFixed(0)} s of CPU time`,
);
